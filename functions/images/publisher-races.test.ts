// Public copies when processes meet, pause and die at chosen calls, in memory: the timer alone repairs, without the audit.
import { beforeEach, expect, it } from "vitest";
import { createMemoryBlobs } from "../lib/azure/memory-blobs.fixture.ts";
import { createMemoryTable, sendAtOnce } from "../lib/azure/memory-table.fixture.ts";
import type { ImageRecord } from "../lib/image.ts";
import { publicBlobName, variantBlobName } from "../lib/image-variants.ts";
import { createDeletion } from "./deletion.ts";
import { createDuplicates } from "./duplicates.ts";
import { createGalleryRows, TAKEOVER_MS } from "./gallery-rows.ts";
import { recordOf } from "./image-records.fixture.ts";
import { createImageRecords } from "./image-records.ts";
import { finishPublications } from "./public-repair.ts";
import { createPublisher } from "./publisher.ts";

const owner = "ada";
const NAMES = ["256.png", "256.webp"];
const log = { info() {}, warn() {} };

/** A site with one image that is private. */
async function openSite() {
  let clock = Date.now();
  let staleReads = 0;
  const now = () => clock;
  const lag = () => (staleReads-- > 0 ? 1_000 : 0);
  const table = createMemoryTable({ now, lag }).connect(sendAtOnce);
  const [copies, thumbnails, originals] = [createMemoryBlobs(), createMemoryBlobs(), createMemoryBlobs()];
  const records = createImageRecords(table);
  const rows = createGalleryRows(table, now);
  const stores = {
    ...{ records, rows, now },
    thumbnails: thumbnails.connect(sendAtOnce),
    copies: copies.connect(sendAtOnce),
  };
  const publisher = createPublisher(stores);
  const duplicates = createDuplicates(table, records);
  const blobs = { originals: originals.connect(sendAtOnce), thumbnails: stores.thumbnails };
  const variants = NAMES.map((name) => {
    const format = name.endsWith("png") ? ("png" as const) : ("webp" as const);
    return { name, format, width: 256, height: 171, size: 9 };
  });
  const record: ImageRecord = recordOf(owner, { status: "ready", alt: "Ada", variants });
  await records.create(record);
  for (const { format, name } of variants) {
    const blob = { bytes: Buffer.from(name), contentType: `image/${format}`, cacheControl: "private" };
    await stores.thumbnails.write(variantBlobName(record, name), blob);
  }
  const change = (changes: Partial<ImageRecord>) => records.change(owner, record.id, () => changes);
  return {
    ...{ change, publisher, record, rows, stores },
    deletion: createDeletion({ ...blobs, records, duplicates, publisher, now }),
    pass: (ms: number) => {
      clock += ms;
    },
    /** The next reads of the table return what it had a second ago. */
    makeStale: (reads: number) => {
      staleReads = reads;
    },
    async patch(changes: Partial<ImageRecord>, as = publisher) {
      const mark = await as.announce(owner, record.id);
      await change(changes);
      await as.sync(owner, record.id, mark);
    },
    /** What the timer of five minutes does, once every row is due. */
    async finish() {
      clock += TAKEOVER_MS;
      const unused = { images: { published: () => Promise.reject() as never }, site: stores.copies };
      await finishPublications({ ...unused, galleryRows: rows, publisher }, { log, runMs: 60_000, now: clock });
    },
    copyNames: () => [...copies.blobs.keys()].sort(),
  };
}
let site: Awaited<ReturnType<typeof openSite>>;
let all: string[];

/** Stops the caller until `resume`. */
function createPause() {
  const [reached, resumed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return {
    reached: reached.promise,
    resume: resumed.resolve,
    async wait() {
      reached.resolve();
      await resumed.promise;
    },
  };
}

beforeEach(async () => {
  site = await openSite();
  all = NAMES.map((name) => publicBlobName(site.record.id, name));
});

async function expectNothing() {
  expect([site.copyNames(), await site.rows.find(site.record.id)]).toEqual([[], undefined]);
}

it("removes the copies of a withdrawn image although reads still return the public record", async () => {
  const { change, makeStale, pass, patch, publisher, record } = site;
  await patch({ visibility: "public" });
  expect(site.copyNames()).toEqual(all);
  const mark = await publisher.announce(owner, record.id);
  pass(5_000);
  await change({ visibility: undefined });
  makeStale(2);
  await publisher.sync(owner, record.id, mark);
  await expectNothing();
});

it("keeps the row of a withdrawn image while another process may write a copy, and removes the copy when it dies", async () => {
  const { change, finish, patch, publisher, record, stores } = site;
  const pause = createPause();
  const dying = createPublisher({
    ...stores,
    copies: {
      ...stores.copies,
      async write(...blob) {
        await pause.wait();
        await stores.copies.write(...blob);
        throw new Error("the process has died");
      },
    },
  });
  const mark = await publisher.announce(owner, record.id);
  await change({ visibility: "public" });
  const died = expect(dying.sync(owner, record.id, mark)).rejects.toThrow("died");
  await pause.reached;
  await patch({ visibility: undefined });
  pause.resume();
  await died;
  expect(site.copyNames()).not.toEqual([]);
  await finish();
  await expectNothing();
});

it("removes no copy that was made after its process had paused", async () => {
  const { patch, stores } = site;
  await patch({ visibility: "public" });
  const pause = createPause();
  const paused = createPublisher({
    ...stores,
    copies: {
      ...stores.copies,
      async remove(...blob) {
        await pause.wait();
        await stores.copies.remove(...blob);
      },
    },
  });
  const withdrawn = patch({ visibility: undefined }, paused);
  await pause.reached;
  await patch({ visibility: "public" });
  pause.resume();
  await withdrawn;
  expect(site.copyNames()).toEqual(all);
});

it("settles the row again for a change that comes after the timer has settled its announcement", async () => {
  const { change, finish, patch, publisher, record, rows } = site;
  await patch({ visibility: "public" });
  const texts = await publisher.announce(owner, record.id);
  await finish();
  await change({ alt: "Grace" });
  await publisher.sync(owner, record.id, texts);
  expect(await rows.find(record.id)).toMatchObject({ entry: { alt: "Grace" } });

  const withdrawal = await publisher.announce(owner, record.id);
  await finish();
  await change({ visibility: undefined });
  await publisher.sync(owner, record.id, withdrawal);
  await expectNothing();
});

it("removes the copies and the row of an image that is deleted", async () => {
  const { deletion, patch, record } = site;
  await patch({ visibility: "public" });
  expect(await deletion.start(owner, record.id)).toBe(true);
  await expectNothing();
});
