// Images on a table that behaves as Cosmos DB may: reads lag behind writes, and calls get 410 and 449.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultProxy } from "../../local/fault-proxy.fixture.ts";
import { createDecoder } from "../lib/decode/decoder.ts";
import { type ImageRecord, originalBlobName } from "../lib/image.ts";
import { THUMBNAIL, variantBlobName } from "../lib/image-variants.ts";
import { createLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { startTableProxy } from "../lib/test-services.fixture.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { createDeletion } from "./deletion.ts";
import { newOwner, openContainer, openIntake, storedBy, unusedPublisher } from "./intake.fixture.ts";
import { reconcileImages } from "./reconcile.ts";
import { testImage } from "./test-images.fixture.ts";

/** Shorter than the second for which a 404 is taken for a stale read. */
const LAG_MS = 300;
const HOUR = 60 * 60_000;
const unavailable = { code: "DEPENDENCY_UNAVAILABLE" };
const { originals, records: direct } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const decoder = createDecoder({ maxPixels: 1_000_000 });
const silentLog = createLog({ debug() {}, info() {}, warn() {}, error() {} });

let proxy: FaultProxy;
let opened: ReturnType<typeof openIntake>;
let owner: string;
let bytes: Buffer;

beforeAll(async () => {
  proxy = await startTableProxy();
  opened = openIntake({ endpoint: proxy.url });
  bytes = await testImage("png");
});
beforeEach(() => {
  owner = newOwner();
  proxy.decide(undefined);
  proxy.lag(0);
});
afterAll(() => proxy.close());

/** Each call has other bytes. */
const accept = async () =>
  (await opened.intake.accept({ owner, filename: "a.png", bytes: await testImage("png") })).record;
const thumbnailer = (records = opened.records) =>
  createThumbnailer({
    originals,
    thumbnails,
    records,
    publisher: unusedPublisher,
    decoder,
    meter: silentMeter,
    widths: [256],
  });
const createThumbnail = ({ id }: ImageRecord, records = opened.records) =>
  thumbnailer(records).create(owner, id, silentLog);

describe("an upload", () => {
  it("an upload succeeds and keeps its original while reads lag", async () => {
    proxy.lag(LAG_MS);
    const record = await accept();
    expect(record.status).toBe("pending");
    expect(await storedBy(owner)).toEqual({ records: [record.id], blobs: [originalBlobName(record)] });
  });

  it("an upload fails with DEPENDENCY_UNAVAILABLE and removes nothing while reads lag for longer", async () => {
    proxy.lag(HOUR);
    await expect(accept()).rejects.toMatchObject(unavailable);
    expect(await storedBy(owner)).toEqual({ records: [expect.any(String)], blobs: [expect.any(String)] });
  });

  it("an uploaded image is found right after the upload while reads lag, for the API and for links", async () => {
    proxy.lag(LAG_MS);
    const record = await accept();
    expect(await opened.records.find(owner, record.id)).toMatchObject({ id: record.id });
  });

  it.each([410, 449])("an upload and its thumbnail succeed while every third call gets %i", async (status) => {
    proxy.decide(({ ordinal }) => (ordinal % 3 === 0 ? { kind: "status", status } : undefined));
    const records: ImageRecord[] = [];
    for (let count = 0; count < 3; count++) records.push(await accept());
    for (const record of records) expect(await createThumbnail(record)).toBe("created");
  });
});

describe("a thumbnail", () => {
  it("a thumbnail is created for an event that comes before reads show the record", async () => {
    proxy.lag(LAG_MS);
    const record = await accept();
    expect(await createThumbnail(record)).toBe("created");
    proxy.lag(0);
    expect((await direct.find(owner, record.id))?.status).toBe("ready");
  });

  it("a thumbnail is kept, and its event repeated, while reads do not show the record", async () => {
    const { record } = await openIntake().intake.accept({ owner, filename: "a.png", bytes });
    await createThumbnail(record, direct);
    const staleRecords = { ...direct, find: opened.records.find };
    proxy.decide(({ method }) => (method === "GET" ? { kind: "status", status: 404 } : undefined));
    await expect(createThumbnail(record, staleRecords)).rejects.toMatchObject(unavailable);
    expect(await thumbnails.etag(variantBlobName(record, THUMBNAIL))).toBeDefined();
  });
});

describe("a deletion", () => {
  it("a deletion removes an image while reads lag, and it stays removed for reads, changes and events", async () => {
    const record = await accept();
    await createThumbnail(record, direct);
    const { duplicates, records } = opened;
    const deletion = createDeletion({ records, originals, thumbnails, duplicates, publisher: unusedPublisher });
    proxy.lag(LAG_MS);
    await records.change(owner, record.id, () => ({ alt: "x" }));
    expect(await deletion.start(owner, record.id)).toBe(true);
    expect(await records.change(owner, record.id, () => ({ status: "ready" }))).toBeUndefined();
    proxy.lag(0);
    expect(await createThumbnail(record)).toBe("not-found");
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
    expect(await thumbnails.list(`${owner}/`)).toEqual([]);
  });
});

describe("the reconcile timer", () => {
  /** Reconciles the images of this test; other tests share the store. */
  async function reconcile() {
    const images = {
      ...opened.records,
      async *unfinished() {
        for await (const listed of opened.records.unfinished({ before: new Date(Date.now() + HOUR), now: new Date() }))
          if (listed.record.owner === owner) yield listed;
      },
    };
    const deletion = createDeletion({
      records: opened.records,
      originals,
      thumbnails,
      duplicates: opened.duplicates,
      publisher: unusedPublisher,
    });
    await reconcileImages(
      { deletion, images, originals, thumbnailer: thumbnailer() },
      { log: silentLog, runMs: 60_000 },
    );
  }

  it.each([410, 449, "a lag"])(
    "the reconcile timer finishes images in any order of the list with %s",
    async (fault) => {
      const uploads = await Promise.all(Array.from({ length: 4 }, accept));
      if (typeof fault === "string") proxy.lag(LAG_MS);
      else proxy.decide(({ ordinal }) => (ordinal % 3 === 0 ? { kind: "status", status: fault } : undefined));
      await reconcile();
      const statuses = uploads.map(async ({ id }) => (await direct.find(owner, id))?.status);
      expect(await Promise.all(statuses)).toEqual(uploads.map(() => "ready"));
    },
  );
});
