// Public copies against Azurite: what is published and withdrawn, by processes that die, are late, or read stale rows.
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { ImageRecord } from "../lib/image.ts";
import { publicBlobName, variantBlobName } from "../lib/image-variants.ts";
import { createLog } from "../lib/log.ts";
import { dieAt } from "./dying-process.fixture.ts";
import { TAKEOVER_MS } from "./gallery-rows.ts";
import { openThroughProxy, recordOf } from "./image-records.fixture.ts";
import { newOwner, openIntake } from "./intake.fixture.ts";
import { auditPublicImages, finishPublications } from "./public-repair.ts";
import { openPublisher, propertiesOfCopy } from "./publisher.fixture.ts";
import { createPublisher, galleryEntry } from "./publisher.ts";

const { records } = openIntake();
const { copies, published, publisher, rows, thumbnails } = openPublisher(records);
/** What the timer finds due, it repairs in its own time. */
const later = () => Date.now() + TAKEOVER_MS;
const { publisher: laterPublisher } = openPublisher(records, later);
const { proxy, images: laggingRecords } = await openThroughProxy();
afterAll(() => proxy.close());
const log = createLog({ debug() {}, info() {}, warn() {}, error() {} });
const variantOf = (name: string, format: "webp" | "png") => ({ name, format, width: 256, height: 171, size: 9 });
const names = ["256.png", "256.webp"];
let owner: string;
let record: ImageRecord;
const find = () => records.find(owner, record.id);
const setVisibility = (visibility: "public" | undefined) => records.change(owner, record.id, () => ({ visibility }));
/** A change of the visibility as PATCH makes it. */
async function change(visibility: "public" | undefined, with_ = publisher, stores = { change: records.change }) {
  const mark = await with_.announce(owner, record.id);
  await stores.change(owner, record.id, () => ({ visibility }));
  await with_.sync(owner, record.id, mark);
}
/** Only the rows of this test, because other tests share the store. */
const ownRows = {
  find: rows.find,
  async *list(due?: { dueBefore: number }) {
    for await (const row of rows.list(due)) if (row.id === record.id) yield row;
  },
};
const ownSite = {
  ...copies,
  page: (options: { max: number }) => copies.page({ ...options, prefix: publicBlobName(record.id, "") }),
};
const ownRecords = {
  async *published() {
    for await (const each of records.published()) if (each.owner === owner) yield each;
  },
};
const repairDeps = { galleryRows: ownRows, publisher, images: ownRecords, site: ownSite };
const run = { log, runMs: 600_000 };
const finish = () => finishPublications({ ...repairDeps, publisher: laterPublisher }, { ...run, now: later() });
const audit = () => auditPublicImages(repairDeps, run);
const entry = () => ({
  copies: names,
  row: { id: record.id, owner, entry: JSON.parse(JSON.stringify(galleryEntry(record))) },
});
const nothing = { copies: [], row: undefined };

/** The site shows what the record says, and the row is settled. */
async function expectConsistent() {
  record = (await find()) ?? record;
  expect(await published(record.id)).toEqual(record.visibility === "public" ? entry() : nothing);
}

beforeEach(async () => {
  proxy.lag(0);
  owner = newOwner();
  const variants = [variantOf("256.webp", "webp"), variantOf("256.png", "png")];
  record = recordOf(owner, { status: "ready", alt: "Ada", variants });
  await records.create(record);
  for (const { format, name } of variants)
    await thumbnails.write(variantBlobName(record, name), {
      bytes: Buffer.from(name),
      contentType: `image/${format}`,
      cacheControl: "private",
    });
});

describe("sync", () => {
  it("copies the variants of a public image with headers for caches, and removes them when it is private", async () => {
    await change("public");
    await expectConsistent();
    const { cacheControl, contentType, metadata } = await propertiesOfCopy(record.id, "256.webp");
    expect({ cacheControl, contentType, metadata }).toEqual({
      cacheControl: "public, max-age=3600",
      contentType: "image/webp",
      metadata: {},
    });
    expect((await copies.read(publicBlobName(record.id, "256.png")))?.bytes.toString()).toBe("256.png");
    await change(undefined);
    expect(await published(record.id)).toEqual(nothing);
  });

  it("replaces the copies after a rendering, and removes those whose names are no longer variants", async () => {
    await change("public");
    await publisher.announce(owner, record.id);
    await thumbnails.write(variantBlobName(record, "256.webp"), {
      bytes: Buffer.from("new"),
      contentType: "image/webp",
      cacheControl: "private",
    });
    await records.change(owner, record.id, () => ({ variants: [variantOf("256.webp", "webp")] }));
    await publisher.sync(owner, record.id);
    expect((await published(record.id)).copies).toEqual(["256.webp"]);
    expect((await copies.read(publicBlobName(record.id, "256.webp")))?.bytes.toString()).toBe("new");
  });

  it("copies again when the variants are of another original, with the same names and sizes", async () => {
    await change("public");
    const [variant] = record.variants ?? [];
    if (!variant) throw new Error("no variant");
    const bytes = Buffer.from("of another original");
    const contentType = `image/${variant.format}`;
    await thumbnails.write(variantBlobName(record, variant.name), { bytes, contentType, cacheControl: "private" });
    await records.change(owner, record.id, () => ({ sourceEtag: '"another"' }));
    await audit();
    expect((await copies.read(publicBlobName(record.id, variant.name)))?.bytes).toEqual(bytes);
    await expectConsistent();
  });

  it("copies nothing again when only the text has changed", async () => {
    await change("public");
    const before = await copies.etag(publicBlobName(record.id, "256.webp"));
    const mark = await publisher.announce(owner, record.id);
    await records.change(owner, record.id, () => ({ alt: "Grace" }));
    await publisher.sync(owner, record.id, mark);
    expect(await copies.etag(publicBlobName(record.id, "256.webp"))).toBe(before);
    await expectConsistent();
    expect((await published(record.id)).row?.entry?.alt).toBe("Grace");
  });

  it("waits with a row that stays due for the variants of a pending image", async () => {
    await records.change(owner, record.id, () => ({ status: "pending", variants: undefined }));
    await change("public");
    expect(await published(record.id)).toEqual({
      copies: [],
      row: { id: record.id, owner, dueAt: expect.any(Number) },
    });
    await records.change(owner, record.id, () => ({ status: "ready", variants: record.variants }));
    await finish();
    await expectConsistent();
  });

  it.each(["deleting", "expired"])("shows nothing of an image that is %s", async (status) => {
    await change("public");
    await records.changeStored(owner, record.id, () => ({ status: status as "deleting" }));
    await publisher.sync(owner, record.id);
    expect(await published(record.id)).toEqual(nothing);
  });

  it.each(["public", undefined] as const)(
    "that dies after any call of a change to %s is finished by the timer",
    async (visibility) => {
      const deaths = visibility === "public" ? 10 : 8;
      for (let call = 1; call <= deaths; call++) {
        await change(visibility === "public" ? undefined : "public");
        const dying = dieAt(call, "after");
        const dead = createPublisher({
          records: { find: dying(records.find), changeStored: dying(records.changeStored) },
          rows: { find: dying(rows.find), mark: dying(rows.mark), settle: dying(rows.settle) },
          thumbnails: { read: dying(thumbnails.read) },
          copies: { page: dying(copies.page), remove: dying(copies.remove), write: dying(copies.write) },
        });
        await expect(change(visibility, dead, { change: dying(records.change) })).rejects.toThrow("died");
        await finish();
        await expectConsistent();
      }
    },
  );

  it("leaves no copy when it is late: its image was withdrawn between its two copies, also while its reads lag", async () => {
    for (const lag of [0, 300]) {
      proxy.lag(lag);
      await setVisibility("public");
      const [paused, resume] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const late = createPublisher({
        records: lag > 0 ? laggingRecords : records,
        rows,
        copies,
        thumbnails: {
          async read(name) {
            if (name.endsWith(".png")) {
              paused.resolve();
              await resume.promise;
            }
            return thumbnails.read(name);
          },
        },
      });
      const publishing = late.sync(owner, record.id);
      await paused.promise;
      if (lag > 0) await laggingRecords.change(owner, record.id, () => ({ visibility: undefined }));
      await change(undefined);
      expect((await published(record.id)).copies).toEqual([]);
      resume.resolve();
      await publishing;
      expect((await published(record.id)).copies).toEqual([]);
      await finish();
      expect(await published(record.id)).toEqual(nothing);
    }
  });

  it("by many at once, with changes of the visibility, ends as the record says", async () => {
    const changes = ["public", undefined, "public", "public", undefined, "public"] as const;
    await Promise.all(changes.map((visibility) => change(visibility)));
    await finish();
    await expectConsistent();
  });
});

describe("the audit", () => {
  it("repairs missing copies, texts and rows, and removes copies without a row, but no file of the page", async () => {
    await change("public");
    await copies.remove(publicBlobName(record.id, "256.webp"));
    await audit();
    await expectConsistent();

    await records.change(owner, record.id, () => ({ alt: "Grace" }));
    await audit();
    await expectConsistent();

    // A publisher died late: the record is private, and the row is gone.
    const mark = await rows.mark(owner, record.id);
    await rows.settle(mark, "remove");
    await setVisibility(undefined);
    await audit();
    expect(await published(record.id)).toEqual(nothing);

    await setVisibility("public");
    await audit();
    await expectConsistent();
    const page = ["images/logo.png", "images/icons/a.png"];
    for (const name of page)
      await copies.write(name, { bytes: Buffer.from("x"), contentType: "image/png", cacheControl: "" });
    await auditPublicImages(
      {
        ...repairDeps,
        site: {
          ...copies,
          page: async () => ({ blobs: page.map((name) => ({ name, etag: "*", lastModified: 0 })), next: undefined }),
        },
      },
      run,
    );
    for (const name of page) expect(await copies.etag(name)).toBeDefined();
    await expectConsistent();
  });
});
