// Deletion against Azurite: interrupted before and after every call of a store, finished by a second request or the timer.
import { beforeEach, describe, expect, it } from "vitest";
import { createDecoder } from "../lib/decode/decoder.ts";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { type ImageRecord, originalBlobName } from "../lib/image.ts";
import { variantBlobName } from "../lib/image-variants.ts";
import { createLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { deleteImage } from "./delete.ts";
import { createDeletion } from "./deletion.ts";
import { type Death, dieAt } from "./dying-process.fixture.ts";
import { newOwner, openContainer, openIntake, storedBy } from "./intake.fixture.ts";
import { openPublisher } from "./publisher.fixture.ts";
import { reconcileImages } from "./reconcile.ts";
import { testImage } from "./test-images.fixture.ts";

const { intake, originals, records, duplicates } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const { publisher } = openPublisher(records);
const decoder = createDecoder({ maxPixels: 1_000_000 });
const thumbnailer = createThumbnailer({
  originals,
  thumbnails,
  records,
  publisher,
  decoder,
  meter: silentMeter,
  widths: [256],
});
const deletion = createDeletion({ records, originals, thumbnails, duplicates, publisher });
const log = createLog({ debug() {}, info() {}, warn() {}, error() {} });
const bytes = await testImage("png", { width: 8, height: 6 });
const HOUR = 60 * 60_000;
let owner: string;
let record: ImageRecord;

beforeEach(async () => {
  owner = newOwner();
  ({ record } = await intake.accept({ owner, filename: "a.png", bytes }));
  await thumbnailer.create(owner, record.id, log);
});

/** Everything of the image that is stored. */
const stored = async () => ({
  ...(await storedBy(owner)),
  variants: await thumbnails.list(`${owner}/`),
});
const nothing = { records: [], blobs: [], variants: [] };

/** The timer, an hour later, for the images of this test. */
async function reconcile(laterMs = HOUR) {
  const due = { before: new Date(), now: new Date(Date.now() + laterMs) };
  const images = {
    ...records,
    async *unfinished() {
      for await (const listed of records.unfinished(due)) if (listed.record.owner === owner) yield listed;
    },
  };
  await reconcileImages({ deletion, images, originals, thumbnailer }, { log, runMs: HOUR, now: due.now.getTime() });
}

function dyingDeletion(callToDieAt: number, when: Death) {
  const dying = dieAt(callToDieAt, when);
  const { changeStored, remove } = records;
  return createDeletion({
    records: { changeStored: dying(changeStored), remove: dying(remove) },
    originals: { remove: dying(originals.remove) },
    thumbnails: { list: dying(thumbnails.list), remove: dying(thumbnails.remove) },
    duplicates: { release: dying(duplicates.release) },
    publisher: { reconcile: dying(publisher.reconcile) },
  });
}

describe("a deletion", () => {
  it("removes variants, original and record, and a second one finds no image", async () => {
    expect(await deletion.start(owner, record.id)).toBe(true);
    expect(await stored()).toEqual(nothing);
    expect(await deletion.start(owner, record.id)).toBe(false);
  });

  it("removes the record after an hour, with what late calls have stored by then", async () => {
    await deletion.start(owner, record.id);
    const current = async () => (await records.changeStored(owner, record.id, () => undefined))?.record;
    await reconcile(HOUR - 60_000);
    expect(await current()).toMatchObject({ status: "deleting", isEmptied: true });
    const late = { bytes, contentType: "image/png", cacheControl: "" };
    await originals.write(originalBlobName(record), late, { once: true });
    await thumbnails.write(variantBlobName(record, "256.webp"), late);
    await reconcile();
    expect([await current(), await stored()]).toEqual([undefined, nothing]);
  });

  // The record, the copies, the list of variants and each of three, the original, the duplicate row, the record.
  const deaths = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((call) => [[call, "before"] as const, [call, "after"] as const]);
  it.each(deaths)("that dies at store call %i, %s it, is finished by the timer", async (call, when) => {
    await expect(dyingDeletion(call, when).start(owner, record.id)).rejects.toThrow("died");
    const isMarked = !(call === 1 && when === "before");
    if (isMarked) {
      expect(await records.find(owner, record.id)).toBeUndefined();
      expect(await records.change(owner, record.id, () => ({ status: "ready" }))).toBeUndefined();
    }
    await reconcile();
    if (isMarked) expect(await stored()).toEqual(nothing);
    else expect(await records.find(owner, record.id)).toMatchObject({ status: "ready" });
  });

  it("that was interrupted is finished by the next request", async () => {
    await expect(dyingDeletion(2, "before").start(owner, record.id)).rejects.toThrow("died");
    expect(await deletion.start(owner, record.id)).toBe(true);
    expect(await stored()).toEqual(nothing);
  });

  it("is left to its request for five minutes", async () => {
    await expect(dyingDeletion(2, "before").start(owner, record.id)).rejects.toThrow("died");
    for await (const listed of records.unfinished({ before: new Date(), now: new Date() }))
      expect(listed.record.id).not.toBe(record.id);
  });

  it("by two requests at once succeeds for both", async () => {
    const both = await Promise.all([deletion.start(owner, record.id), deletion.start(owner, record.id)]);
    expect(both).toContain(true);
    await reconcile();
    expect(await stored()).toEqual(nothing);
  });

  it("gets no thumbnail back from an event that comes late, or that was being handled", async () => {
    await expect(dyingDeletion(7, "before").start(owner, record.id)).rejects.toThrow("died");
    expect(await thumbnailer.create(owner, record.id, log)).toBe("not-found");
    // The event was read before the deletion: it has the record as it was.
    const early = { ...records, find: async () => ({ ...record, status: "pending" as const }) };
    const late = createThumbnailer({
      originals,
      thumbnails,
      records: early,
      publisher,
      decoder,
      meter: silentMeter,
      widths: [256],
    });
    expect(await late.create(owner, record.id, log)).toBe("not-found");
    expect((await stored()).variants).toEqual([]);
    await reconcile();
    expect(await stored()).toEqual(nothing);
  });

  it("of an image that is being uploaded is a conflict, and of another owner's finds none", async () => {
    expect(await deletion.start(newOwner(), record.id)).toBe(false);
    await records.change(owner, record.id, () => ({ status: "uploading" }));
    await expect(deletion.start(owner, record.id)).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await stored()).blobs).toEqual([originalBlobName(record)]);
  });
});

describe("deleteImage", () => {
  const authenticate = async () => ({ subject: owner, role: "editor" as const });
  const routes = routesFor<{ deletion: typeof deletion; authenticate: typeof authenticate }>();
  const route = routes("image-delete", "DELETE", "/v1/images/{id:guid}", "images:delete", "none", deleteImage);
  const send = (start = deletion.start) =>
    invoke(route, { deletion: { ...deletion, start }, authenticate }, { method: "DELETE", params: { id: record.id } });

  it("returns 204, then 404", async () => {
    expect(await send()).toMatchObject({ status: 204, text: "" });
    expect((await send()).error().code).toBe("NOT_FOUND");
  });

  it("returns 503 when a store fails", async () => {
    const down = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "down", { retryAfter: 5 }));
    expect((await send(down)).status).toBe(503);
  });
});
