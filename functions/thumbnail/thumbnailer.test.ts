// The thumbnailer against Azurite: once per original, for any order of events and any store failure.
import { randomUUIDv7 } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { newOwner, openContainer, openIntake } from "../images/intake.fixture.ts";
import { testImage } from "../images/test-images.fixture.ts";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { createDecoder } from "../lib/decode/decoder.ts";
import { AppError } from "../lib/errors.ts";
import { type ImageRecord, type ImageRecords, originalBlobName, thumbnailBlobName } from "../lib/image.ts";
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
    decoder,
    meter,
  });
}
const silentLog = { warn: () => undefined };
const thumbnailName = () => thumbnailBlobName(image);
const originalName = () => originalBlobName(image);
const findRecord = () => records.find(owner, image.id);
const create = (thumbnailer = open()) => thumbnailer.create(owner, image.id, silentLog);
/** Replaces the original, also by bytes that the intake rejects. */
const replaceOriginal = (bytes: Uint8Array) =>
  originals.write(originalName(), { bytes, contentType: "x/y", cacheControl: "no-store" });

beforeEach(async () => {
  owner = newOwner();
  reads = 0;
  measured = [];
  image = await intake.accept({ owner, filename: "a.png", bytes: await testImage("png", { width: 600, height: 300 }) });
});

describe("create", () => {
  it("creates a WebP thumbnail and stores its size and the source ETag in the record", async () => {
    expect(await create()).toBe("created");
    const stored = await thumbnails.read(thumbnailName());
    const etag = await originals.etag(originalName());
    const thumbnail = { width: 256, height: 128, size: stored?.bytes.length };
    expect(await findRecord()).toEqual({ ...image, status: "ready", thumbnail, sourceEtag: etag });
    expect(stored?.bytes.toString("latin1", 8, 12)).toBe("WEBP");
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

  it("creates a complete thumbnail for two concurrent events", async () => {
    expect(await Promise.all([create(), create()])).toEqual(["created", "created"]);
    expect(await findRecord()).toMatchObject({ status: "ready", thumbnail: { width: 256, height: 128 } });
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
    expect(await thumbnails.etag(thumbnailName())).toBeUndefined();
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
    expect(await thumbnails.etag(thumbnailName())).toBeUndefined();
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
