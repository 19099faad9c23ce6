// Making thumbnails against Azurite: once per original, whatever events come and whatever fails.
import { randomUUIDv7 } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { newOwner, openContainer, openIntake } from "../images/intake.fixture.ts";
import { testImage } from "../images/test-images.fixture.ts";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import { type ImageRecord, type ImageRecords, originalBlobName, thumbnailBlobName } from "../lib/image.ts";
import type { Meter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { loadSharp } from "../lib/sharp.ts";
import { createThumbnailer, type Thumbnailer } from "./thumbnailer.ts";

const { intake, originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const openImage = () => loadSharp(50_000_000);
const unavailable = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "x"));
let owner: string;
let image: ImageRecord;
let reads: number;
let measured: unknown[];
const meter: Meter = { measure: (...given) => void measured.push(given) };

/** The real stores, with some calls done otherwise; reads of originals are counted. */
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
    openImage,
    meter,
  });
}
const quiet = { warn: () => undefined };
const thumbnailName = () => thumbnailBlobName(image);
const originalName = () => originalBlobName(image);
const found = () => records.find(owner, image.id);
const make = (thumbnailer = open()) => thumbnailer.create(owner, image.id, quiet);
/** Puts other bytes where the original is: what intake would never let in. */
const replace = (bytes: Uint8Array) =>
  originals.write(originalName(), { bytes, contentType: "x/y", cacheControl: "no-store" });

beforeEach(async () => {
  owner = newOwner();
  reads = 0;
  measured = [];
  image = await intake.accept({ owner, filename: "a.png", bytes: await testImage("png", { width: 600, height: 300 }) });
});

describe("a thumbnail", () => {
  it("is made, stored as WebP, and its record tells its size and of which original it is", async () => {
    expect(await make()).toBe("created");
    const stored = await thumbnails.read(thumbnailName());
    const etag = await originals.etag(originalName());
    const thumbnail = { width: 256, height: 128, size: stored?.bytes.length };
    expect(await found()).toEqual({ ...image, status: "ready", thumbnail, sourceEtag: etag });
    expect(stored?.bytes.toString("latin1", 8, 12)).toBe("WEBP");
  });

  it("is made before the upload has said that it is done", async () => {
    await records.change(owner, image.id, () => ({ status: "uploading" }));
    expect(await make()).toBe("created");
    expect((await found())?.status).toBe("ready");
  });

  it("is made once for one original, however often its event comes", async () => {
    await make();
    const before = await thumbnails.etag(thumbnailName());
    expect([await make(), await make()]).toEqual(["up-to-date", "up-to-date"]);
    expect(reads).toBe(1);
    expect(await thumbnails.etag(thumbnailName())).toBe(before);
  });

  it("is whole when two events come at the same time", async () => {
    expect(await Promise.all([make(), make()])).toEqual(["created", "created"]);
    expect(await found()).toMatchObject({ status: "ready", thumbnail: { width: 256, height: 128 } });
  });

  it("is made anew for another original", async () => {
    await make();
    await replace(await testImage("jpeg", { width: 10, height: 20 }));
    expect(await make()).toBe("created");
    expect(await found()).toMatchObject({ status: "ready", thumbnail: { width: 10, height: 20 } });
  });
});

describe("a picture that cannot be read", () => {
  it("has failed, with a reason for people, and is not tried again", async () => {
    await replace(Buffer.from("\x89PNG\r\n\x1a\n and no more", "latin1"));
    expect(await make()).toBe("failed");
    const failed = await found();
    expect(failed).toMatchObject({ status: "failed", reason: expect.stringMatching(/could not be read/) });
    expect(failed?.reason).not.toMatch(/vips|buffer|Error|undefined/i);
    expect(await thumbnails.etag(thumbnailName())).toBeUndefined();
    expect(await make()).toBe("up-to-date");
    expect(reads).toBe(1);
  });

  it("is ready, and says nothing of a reason, once another original can be", async () => {
    await replace(Buffer.from("nothing"));
    await make();
    await replace(await testImage("png"));
    expect(await make()).toBe("created");
    expect(await found()).toMatchObject({ status: "ready" });
    expect(await found()).not.toHaveProperty("reason");
  });
});

describe("an image that is gone", () => {
  it("loses the thumbnail that an earlier event left behind", async () => {
    await make();
    await records.remove(owner, image.id);
    expect(await make()).toBe("not-found");
    expect(await thumbnails.etag(thumbnailName())).toBeUndefined();
    expect(reads).toBe(1);
  });

  it("is no error when only its original is gone, and its record is left to the timer", async () => {
    await originals.remove(originalName());
    expect(await make()).toBe("not-found");
    expect(await found()).toEqual(image);
  });

  it("while its thumbnail was being made leaves none", async () => {
    const racing = open({
      thumbnails: {
        async write(...given) {
          const etag = await thumbnails.write(...given);
          await records.remove(owner, image.id);
          return etag;
        },
      },
    });
    expect(await make(racing)).toBe("not-found");
    expect(await thumbnails.etag(thumbnailName())).toBeUndefined();
    expect(await found()).toBeUndefined();
  });

  it.each(["x", "", "zzzzzzzz-zzzz-7zzz-8zzz-zzzzzzzzzzzz", randomUUIDv7()])(
    "is what an id means that no image has: %j",
    async (id) => {
      expect(await open().create(owner, id, quiet)).toBe("not-found");
    },
  );
});

describe("the time a thumbnail takes", () => {
  const took = (outcome: string) => ["thumbnail_duration", expect.any(Number), { outcome }];

  it("is measured each time, by what came of it", async () => {
    await make();
    await make();
    await replace(Buffer.from("nothing"));
    await make();
    await records.remove(owner, image.id);
    await make();
    expect(measured).toEqual(["created", "up-to-date", "failed", "not-found"].map(took));
    for (const [, milliseconds] of measured as [string, number][]) expect(milliseconds).toBeGreaterThan(0);
  });

  it("is measured when a store fails, too", async () => {
    await make(open({ thumbnails: { write: unavailable } })).catch(() => undefined);
    expect(measured).toEqual([took("store-failed")]);
  });
});

describe("a store that fails", () => {
  it.each<[string, Parameters<typeof open>[0]]>([
    ["the record cannot be read", { records: { find: unavailable } }],
    ["the original cannot be read", { originals: { read: unavailable } }],
    ["the thumbnail cannot be written", { thumbnails: { write: unavailable } }],
    ["the record cannot be changed", { records: { change: unavailable } }],
  ])("is thrown on, so that the event comes again, and the image has not failed: %s", async (_, other) => {
    await expect(make(open(other))).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(await found()).toEqual(image);
    expect(await make()).toBe("created");
  });

  it("is no fault of the picture either when it says CONFLICT", async () => {
    const write = () => Promise.reject(new AppError("CONFLICT", "x"));
    await expect(make(open({ thumbnails: { write } }))).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await found()).toEqual(image);
  });
});
