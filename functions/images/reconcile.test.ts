// The timer against Azurite: what a crash or a lost event leaves, and what it must leave alone.
import { randomUUIDv7 } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { type ImageRecord, originalBlobName, thumbnailBlobName } from "../lib/image.ts";
import { createLog, type Log } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { loadSharp } from "../lib/sharp.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { newOwner, openContainer, openIntake } from "./intake.fixture.ts";
import { reconcileImages } from "./reconcile.ts";
import { testImage } from "./test-images.fixture.ts";

const { originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const openImage = () => loadSharp(1_000_000);
const thumbnailer = createThumbnailer({ originals, thumbnails, records, openImage, meter: silentMeter });
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

/** An upload as a crash left it so long ago. */
async function begun(status: ImageRecord["status"], { age = 6 * MINUTE, stored = true, broken = false } = {}) {
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
/** What was logged of each image; the last line is of the whole run. */
const each = () => lines.filter(({ message }) => message === "image-repaired" || message === "reconcile-failed");
/** Other tests share the store: what the timer is shown of it is this test's own. */
const own = {
  ...records,
  async *unfinished(before: Date) {
    for await (const record of records.unfinished(before)) if (record.owner === owner) yield record;
  },
};
const mend = (deps: Partial<Parameters<typeof reconcileImages>[0]> = {}) =>
  reconcileImages({ images: own, originals, thumbnailer, ...deps }, { log, now });
const statusOf = async ({ id }: ImageRecord) => (await records.find(owner, id))?.status;

describe("the timer", () => {
  it.each(["uploading", "pending"] as const)("makes the thumbnail of a picture that is stored: %s", async (status) => {
    const record = await begun(status);
    await mend();
    expect(await statusOf(record)).toBe("ready");
    expect(await thumbnails.etag(thumbnailBlobName(record))).toBeDefined();
    expect(each()).toMatchObject([{ level: "info", message: "image-repaired", image: record.id, outcome: "created" }]);
  });

  it.each(["uploading", "pending"] as const)("removes a record whose picture was never stored: %s", async (status) => {
    const record = await begun(status, { stored: false });
    await mend();
    expect(await statusOf(record)).toBeUndefined();
    expect(each()).toMatchObject([{ level: "info", message: "image-repaired", image: record.id }]);
  });

  it("gives up a picture that cannot be read, once", async () => {
    const record = await begun("pending", { broken: true });
    await mend();
    expect(await statusOf(record)).toBe("failed");
    await mend();
    expect(each()).toHaveLength(1);
  });

  it.each(["uploading", "pending"] as const)(
    "leaves alone what began less than five minutes ago: %s",
    async (status) => {
      const records = [
        await begun(status, { age: 5 * MINUTE - 1 }),
        await begun(status, { age: 0, stored: false }),
        await begun(status, { age: 5 * MINUTE, stored: false }),
      ];
      await mend();
      expect(await Promise.all(records.map(statusOf))).toEqual([status, status, status]);
      expect(each()).toEqual([]);
    },
  );

  it.each(["ready", "failed"] as const)("leaves alone what is %s, though its picture is gone", async (status) => {
    const record = await begun(status, { age: 60 * MINUTE, stored: false });
    await mend();
    expect(await statusOf(record)).toBe(status);
  });

  it("goes on with the others when one fails, and logs it", async () => {
    const images = [await begun("pending"), await begun("pending"), await begun("pending")];
    const stubborn = images[0]?.id;
    const create = (of: string, id: string) =>
      id === stubborn ? Promise.reject(new Error("not now")) : thumbnailer.create(of, id, log);
    await mend({ thumbnailer: { create } });
    expect(await Promise.all(images.map(statusOf))).toEqual(["pending", "ready", "ready"]);
    expect(lines.filter(({ message }) => message === "reconcile-failed")).toMatchObject([
      { level: "warn", image: stubborn, error: { message: "not now" } },
    ]);
    expect(lines.at(-1)).toMatchObject({ message: "images-reconciled", unfinished: 3 });
    await mend();
    expect(await Promise.all(images.map(statusOf))).toEqual(["ready", "ready", "ready"]);
  });

  it("removes nothing while the container cannot be found or reached", async () => {
    const record = await begun("uploading");
    await mend({ originals: openContainer("no-such-container") });
    expect(await statusOf(record)).toBe("uploading");
    expect(each()).toMatchObject([{ message: "reconcile-failed", error: { code: "DEPENDENCY_UNAVAILABLE" } }]);
  });
});
