// The reconcile timer against Azurite: records that crashes and lost events leave behind, and records it must not touch.
import { randomUUIDv7 } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { createDecoder } from "../lib/decode/decoder.ts";
import { type ImageRecord, originalBlobName } from "../lib/image.ts";
import { THUMBNAIL, variantBlobName } from "../lib/image-variants.ts";
import { createLog, type Log } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { createDeletion } from "./deletion.ts";
import { newOwner, openContainer, openIntake } from "./intake.fixture.ts";
import { reconcileImages } from "./reconcile.ts";
import { testImage } from "./test-images.fixture.ts";

const { duplicates, originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const decoder = createDecoder({ maxPixels: 1_000_000 });
const thumbnailer = createThumbnailer({ originals, thumbnails, records, decoder, meter: silentMeter, widths: [256] });
const deletion = createDeletion({ records, originals, thumbnails, duplicates });
const MINUTE = 60_000;
const now = Date.now();
let owner: string;
let lines: Record<string, unknown>[];
let log: Log;

beforeEach(() => {
  owner = newOwner();
  lines = [];
  const sink = (line: string) => void lines.push(JSON.parse(line));
  log = createLog({ debug: sink, info: sink, warn: sink, error: sink });
});

/** An upload as a crash left it. */
async function createRecord(status: ImageRecord["status"], { age = 6 * MINUTE, stored = true, broken = false } = {}) {
  const bytes = broken ? Buffer.from("broken") : await testImage("png");
  const record: ImageRecord = {
    id: randomUUIDv7(),
    owner,
    filename: "a.png",
    contentType: "image/png",
    size: bytes.length,
    width: 80,
    height: 60,
    status,
    createdAt: new Date(now - age).toISOString(),
  };
  await records.create(record);
  if (stored)
    await originals.write(originalBlobName(record), { bytes, contentType: "image/png", cacheControl: "no-store" });
  return record;
}
/** The lines about single images. */
const imageLines = () => lines.filter(({ message }) => message === "image-repaired" || message === "reconcile-failed");
/** Only the records of this test, because other tests share the store. */
const ownRecords = {
  ...records,
  async *unfinished(due: { before: Date; now: Date }) {
    for await (const listed of records.unfinished(due)) if (listed.record.owner === owner) yield listed;
  },
};
const reconcile = (
  deps: Partial<Parameters<typeof reconcileImages>[0]> = {},
  { at = now, runMs = 10 * MINUTE }: { at?: number; runMs?: number } = {},
) => reconcileImages({ deletion, images: ownRecords, originals, thumbnailer, ...deps }, { log, runMs, now: at });
const statusOf = async ({ id }: ImageRecord) => (await records.find(owner, id))?.status;

describe("reconcileImages", () => {
  it.each(["uploading", "pending"] as const)(
    "creates the thumbnail of an %s image whose original exists",
    async (status) => {
      const record = await createRecord(status);
      await reconcile();
      expect(await statusOf(record)).toBe("ready");
      expect(await thumbnails.etag(variantBlobName(record, THUMBNAIL))).toBeDefined();
      expect(imageLines()).toMatchObject([
        { level: "info", message: "image-repaired", image: record.id, outcome: "created" },
      ]);
    },
  );

  it("removes an uploading record whose original does not exist", async () => {
    const record = await createRecord("uploading", { stored: false });
    await reconcile();
    expect(await statusOf(record)).toBeUndefined();
    expect(imageLines()).toMatchObject([{ level: "info", message: "image-repaired", image: record.id }]);
  });

  it.each(["pending", "failed"] as const)(
    "keeps a %s record whose original is missing, logs original-missing, and repairs it when the original is back",
    async (status) => {
      const record = await createRecord("pending", { stored: false });
      await records.change(owner, record.id, () => ({ status, retryAt: new Date(now).toISOString() }));
      await reconcile();
      expect(await records.find(owner, record.id)).toMatchObject({ status, attempts: 1 });
      expect(lines).toMatchObject([
        { level: "warn", message: "original-missing", image: record.id },
        { message: "images-reconciled" },
      ]);
      const bytes = await testImage("png");
      await originals.write(originalBlobName(record), { bytes, contentType: "image/png", cacheControl: "no-store" });
      await reconcile({}, { at: now + 6 * MINUTE });
      expect(await statusOf(record)).toBe("ready");
    },
  );

  it("keeps the record of an upload that goes on between the look at the original and the removal", async () => {
    const record = await createRecord("uploading", { stored: false });
    const bytes = await testImage("png");
    const etag: typeof originals.etag = async (name) => {
      const found = await originals.etag(name);
      await originals.write(name, { bytes, contentType: "image/png", cacheControl: "no-store" });
      await records.change(owner, record.id, () => ({ status: "pending" }));
      return found;
    };
    await reconcile({ originals: { ...originals, etag } });
    expect(await statusOf(record)).toBe("pending");
    expect(imageLines()).toEqual([]);
    await reconcile();
    expect(await statusOf(record)).toBe("ready");
  });

  it("sets an image that cannot be read twice to failed, and does not try again", async () => {
    const record = await createRecord("pending", { broken: true });
    await reconcile();
    expect(await statusOf(record)).toBe("pending");
    await reconcile({}, { at: now + 5 * MINUTE });
    expect(await statusOf(record)).toBe("failed");
    await reconcile({}, { at: now + 10_000 * MINUTE });
    expect(imageLines()).toMatchObject([{ message: "reconcile-failed" }, { outcome: "failed" }]);
  });

  it.each(["uploading", "pending"] as const)("ignores an %s record of the last five minutes", async (status) => {
    const records = [
      await createRecord(status, { age: 5 * MINUTE - 1 }),
      await createRecord(status, { age: 0, stored: false }),
      await createRecord(status, { age: 5 * MINUTE, stored: false }),
    ];
    await reconcile();
    expect(await Promise.all(records.map(statusOf))).toEqual([status, status, status]);
    expect(imageLines()).toEqual([]);
  });

  it.each(["ready", "failed"] as const)("ignores a %s record without an original", async (status) => {
    const record = await createRecord(status, { age: 60 * MINUTE, stored: false });
    await reconcile();
    expect(await statusOf(record)).toBe(status);
  });

  it("continues after a failing image and logs reconcile-failed", async () => {
    const images = [await createRecord("pending"), await createRecord("pending"), await createRecord("pending")];
    const failing = images[0]?.id;
    const create = (imageOwner: string, id: string) =>
      id === failing ? Promise.reject(new Error("not now")) : thumbnailer.create(imageOwner, id, log);
    await reconcile({ thumbnailer: { create } });
    expect(await Promise.all(images.map(statusOf))).toEqual(["pending", "ready", "ready"]);
    expect(lines.filter(({ message }) => message === "reconcile-failed")).toMatchObject([
      { level: "warn", image: failing, error: { message: "not now" } },
    ]);
    expect(lines.at(-1)).toMatchObject({ message: "images-reconciled", unfinished: 3 });
    await reconcile({}, { at: now + 6 * MINUTE });
    expect(await Promise.all(images.map(statusOf))).toEqual(["ready", "ready", "ready"]);
  });

  it("starts no further image when its time is over", async () => {
    const record = await createRecord("pending");
    await reconcile({}, { runMs: 0 });
    expect(await statusOf(record)).toBe("pending");
    expect(lines).toMatchObject([{ message: "images-reconciled", unfinished: 0, cut: true }]);
  });

  it("retries an image that failed for a reason on our side, and sets it to ready", async () => {
    const record = await createRecord("pending", { age: MINUTE });
    const retryAt = new Date(now).toISOString();
    await records.change(owner, record.id, () => ({ status: "failed", reason: "Our error.", retryAt }));
    await reconcile();
    const ready = await records.find(owner, record.id);
    expect(ready).toMatchObject({ status: "ready" });
    for (const field of ["reason", "attempts", "retryAt"]) expect(ready).not.toHaveProperty(field);
  });

  it("waits longer after each failing attempt, and gives up after the eighth with thumbnail-given-up", async () => {
    const record = await createRecord("pending");
    const create = () => Promise.reject(new Error("not now"));
    const waits: number[] = [];
    let at = now;
    for (let attempt = 1; attempt <= 8; attempt++) {
      await reconcile({ thumbnailer: { create } }, { at: at });
      const { attempts, retryAt, status } = (await records.find(owner, record.id)) ?? {};
      expect({ attempts, status }).toEqual({ attempts: attempt, status: "pending" });
      waits.push((Date.parse(retryAt ?? "") - at) / MINUTE);
      const before = lines.length;
      at = Date.parse(retryAt ?? "") - 1;
      await reconcile({}, { at: at++ });
      expect(lines.slice(before)).toMatchObject([{ message: "images-reconciled", unfinished: 0 }]);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 5]);
    await reconcile({}, { at: at });
    const failed = await records.find(owner, record.id);
    expect(failed).toMatchObject({ status: "failed", reason: expect.stringContaining("on our side") });
    expect(failed).not.toHaveProperty("retryAt");
    expect(lines.at(-2)).toMatchObject({ level: "error", message: "thumbnail-given-up", image: record.id });
    await reconcile({}, { at: at + 10_000 * MINUTE });
    expect(await statusOf(record)).toBe("failed");
  });

  it("counts an attempt before it starts, so that one that ends the process counts too", async () => {
    const record = await createRecord("pending");
    let counted: ImageRecord | undefined;
    const create = async () => {
      counted = await records.find(owner, record.id);
      throw new Error("the process ends");
    };
    await reconcile({ thumbnailer: { create } });
    expect(counted).toMatchObject({ id: record.id, attempts: 1, retryAt: expect.any(String) });
  });

  it("removes nothing while the container does not exist", async () => {
    const record = await createRecord("uploading");
    await reconcile({ originals: openContainer("no-such-container") });
    expect(await statusOf(record)).toBe("uploading");
    expect(imageLines()).toMatchObject([{ message: "reconcile-failed", error: { code: "DEPENDENCY_UNAVAILABLE" } }]);
  });
});
