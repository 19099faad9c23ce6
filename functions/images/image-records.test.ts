// The images table against Azurite: single records, concurrent writers and the list of unfinished images.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultProxy } from "../../local/fault-proxy.fixture.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { openThroughProxy, recordOf, unfinishedOf } from "./image-records.fixture.ts";
import { createImageRecords } from "./image-records.ts";
import { newOwner, openTable, storedBy } from "./intake.fixture.ts";

const direct = createImageRecords(openTable());
let proxy: FaultProxy;
let images: ImageRecords;
let owner: string;
let record: ImageRecord;
const newRecord = (changes?: Partial<ImageRecord>) => recordOf(owner, changes);
const unfinishedIds = (before: Date) => unfinishedOf(images, owner, before);

beforeAll(async () => {
  ({ proxy, images } = await openThroughProxy());
});
beforeEach(() => {
  proxy.decide(undefined);
  owner = newOwner();
  record = newRecord();
});
afterAll(() => proxy.close());

describe("find", () => {
  it.each<[string, Partial<ImageRecord>]>([
    ["uploading", {}],
    ["pending", { status: "pending" }],
    ["ready", { status: "ready", sourceEtag: '"0x1"', thumbnail: { width: 256, height: 1, size: 70 } }],
    ["public", { status: "ready", visibility: "public" }],
    ["failed", { status: "failed", sourceEtag: '"0x1"', reason: "It is broken." }],
    [
      "pending again, with its variants",
      {
        status: "pending",
        variants: [{ name: "640.avif", format: "avif", width: 600, height: 400, size: 9_000 }],
        thumbHash: "1QcSHQRnh493V4dIh4eXh1h4kJUI",
        dominantColor: "#d8a878",
        placeholder: "UklGRg==",
      },
    ],
  ])("find returns a record that is %s as it was created", async (_, changes) => {
    const created = newRecord(changes);
    await images.create(created);
    expect(await images.find(owner, created.id)).toEqual(created);
    expect(await images.find(owner, created.id.toUpperCase())).toEqual(created);
  });

  it("find, change and remove ignore a record of another owner", async () => {
    await images.create(record);
    for (const other of [newOwner(), owner.toUpperCase(), "", `${owner}'`]) {
      expect(await images.find(other, record.id)).toBeUndefined();
      expect(await images.change(other, record.id, () => ({ status: "failed" }))).toBeUndefined();
      await images.remove(other, record.id, "*");
    }
    expect(await images.find(owner, record.id)).toEqual(record);
  });

  it.each([
    randomUUID(),
    "",
    "x",
    "'",
    "../..",
    "zzzzzzzz-zzzz-7zzz-8zzz-zzzzzzzzzzzz",
    "0".repeat(12) + "7".repeat(20),
  ])("find, change and remove do not call the table for the malformed id %j", async (id) => {
    const before = proxy.calls();
    expect(await images.find(owner, id)).toBeUndefined();
    expect(await images.change(owner, id, () => ({ status: "failed" }))).toBeUndefined();
    await images.remove(owner, id, "*");
    expect(proxy.calls()).toBe(before);
  });

  it("find returns undefined for an unknown UUIDv7, with any timestamp", async () => {
    for (const id of [randomUUIDv7(), "00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff"])
      expect(await images.find(owner, id)).toBeUndefined();
  });

  it("remove keeps a record that has changed since its ETag was listed, and returns false", async () => {
    const createdAt = new Date(Date.now() - 60_000).toISOString();
    record = newRecord({ createdAt });
    await images.create(record);
    let etag = "";
    for await (const listed of images.unfinished({ before: new Date(Date.now() - 1_000), now: new Date() }))
      if (listed.record.id === record.id) etag = listed.etag;
    await direct.change(owner, record.id, () => ({ status: "pending" }));
    expect(await images.remove(owner, record.id, etag)).toBe(false);
    expect(await images.find(owner, record.id)).toEqual({ ...record, status: "pending" });
  });

  it("create rejects an id that is not a UUIDv7 with INTERNAL", async () => {
    await expect(images.create(newRecord({ id: randomUUID() }))).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("remove deletes a record, and succeeds when it does not exist", async () => {
    await images.create(record);
    expect(await images.remove(owner, record.id, "*")).toBe(true);
    expect(await images.remove(owner, record.id, "*")).toBe(true);
    expect(await images.find(owner, record.id)).toBeUndefined();
    expect(await images.change(owner, record.id, () => ({ status: "ready" }))).toBeUndefined();
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
  });
});

describe("change", () => {
  beforeEach(() => images.create(record));

  it("change updates the current record and returns it", async () => {
    const changed = await images.change(owner, record.id, ({ width }) => ({ status: "pending", width: width + 1 }));
    expect(changed).toEqual({ ...record, status: "pending", width: 81 });
    expect(await images.find(owner, record.id)).toEqual(changed);
  });

  it("change without changes reads once and does not write", async () => {
    const before = proxy.calls();
    expect(await images.change(owner, record.id, () => undefined)).toEqual(record);
    expect(proxy.calls() - before).toBe(1);
  });

  it("change applies the updates of twenty concurrent writers", async () => {
    const add = () => images.change(owner, record.id, ({ width }) => ({ width: width + 1 }));
    const widths = (await Promise.all(Array.from({ length: 20 }, add))).map((changed) => changed?.width);
    expect(widths.sort()).toEqual(Array.from({ length: 20 }, (_, index) => record.width + 1 + index).sort());
    expect((await images.find(owner, record.id))?.width).toBe(record.width + 20);
  });

  it("change does not recreate a record that is removed meanwhile", async () => {
    let first = true;
    proxy.decide(({ method }) => {
      if (method === "GET" || !first) return undefined;
      first = false;
      return { kind: "hold", until: direct.remove(owner, record.id, "*") };
    });
    expect(await images.change(owner, record.id, () => ({ status: "ready" }))).toBeUndefined();
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
  });

  it("change to ready drops the reason of an earlier failure", async () => {
    await images.change(owner, record.id, () => ({ status: "failed", reason: "Broken.", sourceEtag: "" }));
    const thumbnail = { width: 2, height: 2, size: 9 };
    const ready = await images.change(owner, record.id, () => ({ status: "ready", thumbnail, sourceEtag: "1" }));
    expect(ready).toEqual({ ...record, status: "ready", thumbnail, sourceEtag: "1" });
    expect(await images.find(owner, record.id)).toEqual(ready);
  });
});

describe("unfinished", () => {
  it("unfinished returns old uploading, pending and failed records that are due, and none that waits or is final", async () => {
    const before = new Date(Date.now() - 60_000);
    const createdAt = new Date(before.getTime() - 1).toISOString();
    const [past, future] = [-1_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString());
    const failed = { status: "failed", reason: "x", attempts: 2 } as const;
    const due = [
      newRecord({ createdAt }),
      newRecord({ createdAt, status: "pending" }),
      newRecord({ createdAt, status: "pending", retryAt: past }),
      newRecord({ ...failed, retryAt: past }),
    ];
    const others = [
      newRecord({ createdAt: before.toISOString() }),
      newRecord({ status: "pending" }),
      newRecord({ createdAt, status: "pending", attempts: 1, retryAt: future }),
      newRecord({ createdAt, status: "ready" }),
      newRecord({ createdAt, ...failed }),
      newRecord({ createdAt, ...failed, retryAt: future }),
    ];
    await Promise.all([...due, ...others].map((each) => images.create(each)));
    expect(await unfinishedIds(before)).toEqual(due.map(({ id }) => id).sort());
    expect(await images.find(owner, due[3]?.id ?? "")).toEqual(due[3]);
  });
});
