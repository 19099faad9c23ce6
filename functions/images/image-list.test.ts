// Listing against Azurite behind a proxy that returns rows in no order and cuts results into pages, as Cosmos DB does.
import { randomUUIDv7 } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultProxy } from "../../local/fault-proxy.fixture.ts";
import type { ImageRecord, StoredImage } from "../lib/image.ts";
import { startTableProxy } from "../lib/test-services.fixture.ts";
import { createImageList, type ImageFilter, type ListPosition } from "./image-list.ts";
import { createImageRecords } from "./image-records.ts";
import { exampleImage } from "./image-response.ts";
import { toRow } from "./image-rows.ts";
import { newOwner, openTable } from "./intake.fixture.ts";

const DAY = 24 * 60 * 60_000;
const start = Date.parse("2026-08-30T00:00:00Z");
const now = start + 70 * DAY;
const direct = openTable();
const records = createImageRecords(direct);
let proxy: FaultProxy;
let owner: string;

beforeAll(async () => {
  proxy = await startTableProxy();
});
beforeEach(() => {
  owner = newOwner();
});
afterAll(() => proxy.close());

const open = (maxRows?: number) =>
  createImageList(openTable(proxy.url), { now: () => now, ...(maxRows && { maxRows }) });

function imageAt(ms: number, changes: Partial<StoredImage> = {}): StoredImage {
  const hex = Math.floor(ms).toString(16).padStart(12, "0");
  const id = `${hex.slice(0, 8)}-${hex.slice(8)}${randomUUIDv7().slice(13)}`;
  return { ...exampleImage, id, owner, createdAt: new Date(ms).toISOString(), ...changes };
}
/** As an older release does, which does not know the row of the months. */
const writeRow = (image: StoredImage) => direct.createEntity(toRow(image));

type Query = ImageFilter & { readonly limit: number };

/** All pages; `between` runs while a page is read. */
async function listAll(query: Query, { list = open(), between = async () => {} } = {}) {
  const pages: ImageRecord[][] = [];
  let position: ListPosition | undefined;
  do {
    const before = proxy.calls();
    const [page] = await Promise.all([list.page(owner, { ...query, ...(position && { position }) }), between()]);
    expect(proxy.calls() - before).toBeLessThanOrEqual(12);
    expect(page.images.length).toBeLessThanOrEqual(query.limit);
    pages.push([...page.images]);
    position = page.next;
    expect(pages.length).toBeLessThan(300);
  } while (position);
  return pages;
}
const idsOf = (images: readonly { id: string }[]) => images.map(({ id }) => id);
const newestFirst = (images: readonly StoredImage[]) => idsOf(images).sort().reverse();

const statuses = ["ready", "ready", "pending", "failed", "uploading", "deleting"] as const;
const image = fc.record({
  // Clusters, single images and equal milliseconds, in three months.
  ms: fc.oneof(
    fc.integer({ min: 0, max: 70 * DAY }),
    fc.integer({ min: 0, max: 5 }).map((offset) => 40 * DAY + offset),
    fc.integer({ min: 0, max: DAY }).map((offset) => 2 * DAY - DAY / 2 + offset),
  ),
  status: fc.constantFrom(...statuses),
  tags: fc.subarray(["a", "b"]),
});
const library = fc.array(image, { maxLength: 24 });
const scenario = fc.record({
  library,
  later: fc.array(image, { maxLength: 6 }),
  limit: fc.integer({ min: 1, max: 7 }),
  filter: fc.record(
    { tag: fc.constantFrom("a", "b"), status: fc.constantFrom("ready", "failed") },
    { requiredKeys: [] },
  ),
  maxRows: fc.constantFrom(3, 10, 1_000),
  sizes: fc
    .array(fc.constantFrom(0, 1, 3, 1_000), { minLength: 1, maxLength: 5 })
    .filter((sizes) => sizes.some(Boolean)),
});

describe("page", () => {
  it("returns every image that exists throughout once, newest first, while others are added and removed", async () => {
    const property = fc.asyncProperty(scenario, async ({ library, later, limit, filter, maxRows, sizes }) => {
      owner = newOwner();
      const images = library.map(({ ms, ...changes }) => imageAt(start + ms, changes));
      await Promise.all(images.map(writeRow));
      const removed = images.filter((_, index) => index % 5 === 4);
      const added = later.map(({ ms, ...changes }) => imageAt(start + ms, changes) as ImageRecord);
      const changes = [
        ...added.map((each) => () => records.create(each)),
        ...removed.map(
          ({ id }) =>
            () =>
              records.remove(owner, id, "*"),
        ),
      ];
      let call = 0;
      proxy.cutPages(() => sizes[call++ % sizes.length] ?? 0);
      const between = async () => void (await changes.shift()?.());
      const listed = (await listAll({ ...filter, limit }, { list: open(maxRows), between })).flat();
      proxy.cutPages(undefined);
      const ids = idsOf(listed);
      expect(ids).toEqual([...new Set(ids)].sort().reverse());
      const matches = ({ status, tags }: StoredImage) =>
        status !== "uploading" &&
        status !== "deleting" &&
        (filter.status === undefined || status === filter.status) &&
        (filter.tag === undefined || tags?.includes(filter.tag));
      const throughout = newestFirst(images.filter((each) => matches(each) && !removed.includes(each)));
      expect(ids.filter((id) => throughout.includes(id))).toEqual(throughout);
      const possible = idsOf([...images, ...added].filter(matches));
      expect(ids.filter((id) => !possible.includes(id))).toEqual([]);
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it("reads one range of a small library, and ends without a cursor", async () => {
    const images = Array.from({ length: 10 }, (_, day) => imageAt(now - (day * DAY) / 4));
    for (const each of images) await records.create(each as ImageRecord);
    await listAll({ limit: 100 });
    const before = proxy.calls();
    expect((await listAll({ limit: 100 })).map(idsOf)).toEqual([newestFirst(images)]);
    expect(proxy.calls() - before).toBe(2);
  });

  it("returns images of the same millisecond on several pages", async () => {
    const images = Array.from({ length: 6 }, () => imageAt(now - DAY));
    await Promise.all(images.map(writeRow));
    expect((await listAll({ limit: 2 })).flat().map(({ id }) => id)).toEqual(newestFirst(images));
  });

  it("returns nothing for an owner without images, also when asked again", async () => {
    expect(await listAll({ limit: 5 })).toEqual([[]]);
    expect(await listAll({ limit: 5 })).toEqual([[]]);
  });

  it("finds the months of an older release, many of them in several pages, and searches them once", async () => {
    const months = Array.from({ length: 14 }, (_, month) => imageAt(Date.UTC(2024, month * 2, 3)));
    await Promise.all(months.map(writeRow));
    expect((await listAll({ limit: 100 })).flat().map(({ id }) => id)).toEqual(newestFirst(months));
    const before = proxy.calls();
    await listAll({ limit: 100 });
    expect(proxy.calls() - before).toBeLessThanOrEqual(months.length + 4);
  });

  it("lists an image in a month that an older release wrote after the last check", async () => {
    const early = createImageList(openTable(proxy.url), { now: () => start });
    expect(await listAll({ limit: 5 }, { list: early })).toEqual([[]]);
    const missed = imageAt(start + 20 * DAY);
    await writeRow(missed);
    expect((await listAll({ limit: 5 })).flat().map(({ id }) => id)).toEqual([missed.id]);
  });

  it("throws DEPENDENCY_UNAVAILABLE when the table fails", async () => {
    proxy.decide(() => ({ kind: "status", status: 403 }));
    try {
      await expect(open().page(owner, { limit: 1 })).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    } finally {
      proxy.decide(undefined);
    }
  });
});
