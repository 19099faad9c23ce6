// The thumbnailer against Azurite: once per original, for any order of events and any store failure.
import { randomUUIDv7 } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { newOwner, openContainer, openIntake, unusedPublisher } from "../images/intake.fixture.ts";
import { testImage } from "../images/test-images.fixture.ts";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { createDecoder } from "../lib/decode/decoder.ts";
import { AppError } from "../lib/errors.ts";
import { type ImageRecord, type ImageRecords, originalBlobName } from "../lib/image.ts";
import { THUMBNAIL, variantBlobName } from "../lib/image-variants.ts";
import type { Meter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createThumbnailer, type Thumbnailer } from "./thumbnailer.ts";

const { intake, originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const decoder = createDecoder({ maxPixels: 50_000_000 });
const unavailable = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "x"));
let owner: string;
let image: ImageRecord;
let reads: number;
let measured: unknown[];
const meter: Meter = { measure: (...args) => void measured.push(args) };

/** The real stores with some methods replaced. Counts reads of originals. */
function open(
  other: {
    originals?: Partial<BlobContainer>;
    thumbnails?: Partial<BlobContainer>;
    records?: Partial<ImageRecords>;
  } = {},
): Thumbnailer {
  const counted: BlobContainer = {
    ...originals,
    read(name) {
      reads++;
      return originals.read(name);
    },
  };
  return createThumbnailer({
    originals: { ...counted, ...other.originals },
    thumbnails: { ...thumbnails, ...other.thumbnails },
    records: { ...records, ...other.records },
    publisher: unusedPublisher,
    decoder,
    meter,
    widths: [256, 512],
  });
}
const silentLog = { warn: () => undefined };
const thumbnailName = () => variantBlobName(image, THUMBNAIL);
const originalName = () => originalBlobName(image);
const storedNames = async () =>
  (await thumbnails.list(`${owner}/`)).map((name) => name.slice(name.indexOf("thumb_") + "thumb_".length));
const findRecord = () => records.find(owner, image.id);
const create = (thumbnailer = open()) => thumbnailer.create(owner, image.id, silentLog);
/** Replaces the original, also by bytes that the intake rejects. */
const replaceOriginal = (bytes: Uint8Array) =>
  originals.write(originalName(), { bytes, contentType: "x/y", cacheControl: "no-store" });

beforeEach(async () => {
  owner = newOwner();
  reads = 0;
  measured = [];
  ({ record: image } = await intake.accept({
    owner,
    filename: "a.png",
    bytes: await testImage("png", { width: 600, height: 300 }),
  }));
});

describe("create", () => {
  it("stores every variant, and then names them with the preview and the source ETag in one write of the record", async () => {
    const writes: Partial<ImageRecord>[] = [];
    const change: ImageRecords["change"] = (theOwner, id, decide) =>
      records.change(theOwner, id, (current) => {
        const changes = decide(current);
        if (changes) writes.push(changes);
        return changes;
      });
    expect(await create(open({ records: { change } }))).toBe("created");
    expect(writes).toHaveLength(1);
    const record = await findRecord();
    const names = ["avif", "webp", "png"].flatMap((format) => [`256.${format}`, `512.${format}`]);
    expect((await storedNames()).sort()).toEqual(names.toSorted());
    expect(record?.variants?.map(({ name }) => name).sort()).toEqual(names.toSorted());
    for (const { name, format, width, height, size } of record?.variants ?? []) {
      const stored = await thumbnails.read(variantBlobName(image, name));
      expect(stored?.bytes.length).toBe(size);
      const edge = Number.parseInt(name, 10);
      expect({ width, height, name }).toEqual({ width: edge, height: edge / 2, name: `${edge}.${format}` });
    }
    const thumbnail = record?.variants?.find(({ name }) => name === THUMBNAIL);
    expect(record).toEqual({
      ...image,
      status: "ready",
      thumbnail: { width: 256, height: 128, size: thumbnail?.size },
      variants: record?.variants,
      thumbHash: expect.stringMatching(/^[\w+/]{20,}=*$/),
      dominantColor: expect.stringMatching(/^#[0-9a-f]{6}$/),
      placeholder: expect.any(String),
      sourceEtag: await originals.etag(originalName()),
    });
  });

  it("creates the thumbnail of an image that is still uploading", async () => {
    await records.change(owner, image.id, () => ({ status: "uploading" }));
    expect(await create()).toBe("created");
    expect((await findRecord())?.status).toBe("ready");
  });

  it("creates the thumbnail once for repeated events of one original", async () => {
    await create();
    const before = await thumbnails.etag(thumbnailName());
    expect([await create(), await create()]).toEqual(["up-to-date", "up-to-date"]);
    expect(reads).toBe(1);
    expect(await thumbnails.etag(thumbnailName())).toBe(before);
  });

  it("renders one image at a time, so that the second of two concurrent events has nothing to do", async () => {
    const thumbnailer = open();
    expect(await Promise.all([create(thumbnailer), create(thumbnailer)])).toEqual(["created", "up-to-date"]);
    expect(reads).toBe(1);
  });

  it("creates the thumbnail again when the original changes", async () => {
    await create();
    await replaceOriginal(await testImage("jpeg", { width: 10, height: 20 }));
    expect(await create()).toBe("created");
    expect(await findRecord()).toMatchObject({ status: "ready", thumbnail: { width: 10, height: 20 } });
  });
});

describe("missing image", () => {
  it("removes the thumbnail of an image without a record", async () => {
    await create();
    await records.remove(owner, image.id, "*");
    expect(await create()).toBe("not-found");
    expect(await storedNames()).toEqual([]);
    expect(reads).toBe(1);
  });

  it("leaves the record of an image without an original to the reconcile timer", async () => {
    await originals.remove(originalName());
    expect(await create()).toBe("not-found");
    expect(await findRecord()).toEqual(image);
  });

  it("removes the thumbnail of an image that is deleted meanwhile", async () => {
    const racing = open({
      thumbnails: {
        async write(...args) {
          const etag = await thumbnails.write(...args);
          await records.remove(owner, image.id, "*");
          return etag;
        },
      },
    });
    expect(await create(racing)).toBe("not-found");
    expect(await storedNames()).toEqual([]);
    expect(await findRecord()).toBeUndefined();
  });

  it.each(["x", "", "zzzzzzzz-zzzz-7zzz-8zzz-zzzzzzzzzzzz", randomUUIDv7()])(
    "returns not-found for the unknown id %j",
    async (id) => {
      expect(await open().create(owner, id, silentLog)).toBe("not-found");
    },
  );
});

describe("thumbnail_duration", () => {
  const measurement = (outcome: string) => ["thumbnail_duration", expect.any(Number), { outcome }];

  it("thumbnail_duration measures every call by its outcome", async () => {
    await create();
    await create();
    await replaceOriginal(Buffer.from("nothing"));
    await create().catch(() => undefined);
    await create();
    await records.remove(owner, image.id, "*");
    await create();
    expect(measured).toEqual(["created", "up-to-date", "not-rendered", "failed", "not-found"].map(measurement));
    for (const [, milliseconds] of measured as [string, number][]) expect(milliseconds).toBeGreaterThan(0);
  });

  it("thumbnail_duration measures a call with a store error as store-failed", async () => {
    await create(open({ thumbnails: { write: unavailable } })).catch(() => undefined);
    expect(measured).toEqual([measurement("store-failed")]);
  });
});

describe("store errors", () => {
  it.each<[string, Parameters<typeof open>[0]]>([
    ["reading the record", { records: { find: unavailable } }],
    ["reading the original", { originals: { read: unavailable } }],
    ["writing the thumbnail", { thumbnails: { write: unavailable } }],
    ["changing the record", { records: { change: unavailable } }],
  ])(
    "a store error while %s is thrown, so that the event is delivered again, and the record is kept",
    async (_, other) => {
      await expect(create(open(other))).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
      expect(await findRecord()).toEqual(image);
      expect(await create()).toBe("created");
    },
  );

  it("throws a CONFLICT of the store and keeps the record", async () => {
    const write = () => Promise.reject(new AppError("CONFLICT", "x"));
    await expect(create(open({ thumbnails: { write } }))).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await findRecord()).toEqual(image);
  });
});
