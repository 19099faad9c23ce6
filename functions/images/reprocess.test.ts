// POST /v1/images/{id}/reprocess against Azurite: from which states, and that the timer then renders again.
import { beforeEach, describe, expect, it } from "vitest";
import { createDecoder } from "../lib/decode/decoder.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import type { ImageRecord } from "../lib/image.ts";
import { requireVariant } from "../lib/image-variants.ts";
import { createLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { createDeletion } from "./deletion.ts";
import { newOwner, openContainer, openIntake, unusedPublisher } from "./intake.fixture.ts";
import { reconcileImages } from "./reconcile.ts";
import { reprocessImage } from "./reprocess.ts";
import { testImage } from "./test-images.fixture.ts";

const { duplicates, intake, originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const decoder = createDecoder({ maxPixels: 1_000_000 });
const silent = createLog({ debug() {}, info() {}, warn() {}, error() {} });
const thumbnailerOf = (widths: readonly number[]) =>
  createThumbnailer({
    originals,
    thumbnails,
    records,
    publisher: unusedPublisher,
    decoder,
    meter: silentMeter,
    widths,
  });
let owner: string;
let image: ImageRecord;

const authenticate = async () => ({ subject: owner, role: "editor" as const });
const deps = { images: records, originals, publisher: unusedPublisher, authenticate };
const path = "/v1/images/{id:guid}/reprocess";
const route = routesFor<typeof deps>()("image-reprocess", "POST", path, "images:write", "none", reprocessImage);
const reprocess = (id = image.id, from = deps) => invoke(route, from, { method: "POST", params: { id } });
const findRecord = () => records.find(owner, image.id);

/** The timer, ten minutes later, for the image of this test, in an app with these widths. */
async function reconcile(widths: readonly number[]) {
  const now = Date.now() + 600_000;
  const images = {
    ...records,
    async *unfinished(due: { before: Date; now: Date }) {
      for await (const listed of records.unfinished(due)) if (listed.record.owner === owner) yield listed;
    },
  };
  const deletion = createDeletion({ records, originals, thumbnails, duplicates, publisher: unusedPublisher });
  const thumbnailer = thumbnailerOf(widths);
  await reconcileImages({ deletion, images, originals, thumbnailer }, { log: silent, runMs: 60_000, now });
}

beforeEach(async () => {
  owner = newOwner();
  const bytes = await testImage("jpeg", { width: 100, height: 50 });
  ({ record: image } = await intake.accept({ owner, filename: "a.jpg", bytes }));
  await thumbnailerOf([32, 64, 256]).create(owner, image.id, silent);
});

describe("reprocessImage", () => {
  it("makes the timer create the variants again, with the widths of now, and keeps the old ones until then", async () => {
    const before = await findRecord();
    expect(before?.variants).toHaveLength(9);
    const response = await reprocess();
    expect(response.status).toBe(202);
    expect(JSON.parse(response.text)).toMatchObject({ status: "pending", variants: before?.variants });
    expect((await reprocess()).text).toBe(response.text);
    expect(await thumbnails.list(`${owner}/`)).toHaveLength(9);
    await reconcile([256]);
    const after = await findRecord();
    expect(after).toMatchObject({ status: "ready", thumbHash: before?.thumbHash, thumbnail: before?.thumbnail });
    expect(after?.variants?.map(({ name }) => name)).toEqual(["256.avif", "256.webp", "256.jpeg"]);
    expect(await thumbnails.list(`${owner}/`)).toHaveLength(3);
  });

  it("keeps the thumbnail of an image of a release before variants", async () => {
    await records.change(owner, image.id, () => ({ variants: undefined }));
    await reprocess();
    await records.change(owner, image.id, () => ({ attempts: 1 }));
    const record = await findRecord();
    expect(record).toMatchObject({ status: "pending", variants: [{ name: "256.webp", width: 100, height: 50 }] });
    expect(() => requireVariant(record as ImageRecord, "thumbnail")).not.toThrow();
  });

  it("tries an image again that failed for good", async () => {
    await records.change(owner, image.id, () => ({ status: "failed", reason: "It is broken.", attempts: 8 }));
    expect(JSON.parse((await reprocess()).text)).not.toHaveProperty("reason");
    await reconcile([256]);
    expect(await findRecord()).toMatchObject({ status: "ready" });
  });

  it("ends the wait of an image that the timer would try again later", async () => {
    const retryAt = new Date(Date.now() + 3_600_000).toISOString();
    await records.change(owner, image.id, () => ({ status: "pending", attempts: 5, retryAt, sourceEtag: undefined }));
    await reprocess();
    const record = await findRecord();
    expect(record).toMatchObject({ status: "pending" });
    for (const field of ["attempts", "retryAt"]) expect(record).not.toHaveProperty(field);
  });

  it.each([
    ["archived", { etag: "", size: 1, isReadable: false }],
    ["missing", undefined],
  ])("rejects an image whose original is %s with CONFLICT, and leaves it ready", async (_, properties) => {
    const unreadable = { ...deps, originals: { ...originals, properties: async () => properties } };
    expect((await reprocess(image.id, unreadable)).error().code).toBe("CONFLICT");
    expect((await findRecord())?.status).toBe("ready");
  });

  it("rejects an image that is uploading with CONFLICT, and an unknown one with NOT_FOUND", async () => {
    await records.change(owner, image.id, () => ({ status: "uploading" }));
    expect((await reprocess()).error().code).toBe("CONFLICT");
    expect((await findRecord())?.status).toBe("uploading");
    owner = newOwner();
    expect((await reprocess()).error().code).toBe("NOT_FOUND");
  });
});
