// The images table against Azurite: one record at a time, many writers at once, and answers that are lost.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { dirname } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadCertificate } from "../../local/certificate.ts";
import { type FaultProxy, startFaultProxy } from "../../local/fault-proxy.fixture.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { createImageRecords } from "./image-records.ts";
import { newOwner, openTable, storedBy } from "./intake.fixture.ts";

const direct = createImageRecords(openTable());
let proxy: FaultProxy;
let images: ImageRecords;
let owner: string;
let record: ImageRecord;

const made = (changes: Partial<ImageRecord> = {}): ImageRecord => ({
  id: randomUUIDv7(),
  owner,
  filename: "Zoë's 🖼️.png",
  contentType: "image/png",
  size: 5_000_000_000,
  width: 80,
  height: 60,
  status: "uploading",
  createdAt: new Date().toISOString(),
  ...changes,
});

beforeAll(async () => {
  const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
  proxy = await startFaultProxy({ target: process.env.TABLES_ENDPOINT as string, certificate });
  images = createImageRecords(openTable(proxy.url));
});
beforeEach(() => {
  proxy.decide(undefined);
  owner = newOwner();
  record = made();
});
afterAll(() => proxy.close());

async function unfinished(before: Date) {
  const found: string[] = [];
  for await (const each of images.unfinished(before)) if (each.owner === owner) found.push(each.id);
  return found.sort();
}

describe("a record", () => {
  it.each<[string, Partial<ImageRecord>]>([
    ["uploading", {}],
    ["pending", { status: "pending" }],
    ["ready", { status: "ready", sourceEtag: '"0x1"', thumbnail: { width: 256, height: 1, size: 70 } }],
    ["failed", { status: "failed", sourceEtag: '"0x1"', reason: "It is broken." }],
  ])("is found as it was created: %s", async (_, changes) => {
    const given = made(changes);
    await images.create(given);
    expect(await images.find(owner, given.id)).toEqual(given);
    expect(await images.find(owner, given.id.toUpperCase())).toEqual(given);
  });

  it("of another owner is not found, changed or removed", async () => {
    await images.create(record);
    for (const other of [newOwner(), owner.toUpperCase(), "", `${owner}'`]) {
      expect(await images.find(other, record.id)).toBeUndefined();
      expect(await images.change(other, record.id, () => ({ status: "failed" }))).toBeUndefined();
      await images.remove(other, record.id);
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
  ])("is not looked for under an id that no image has: %j", async (id) => {
    const before = proxy.calls();
    expect(await images.find(owner, id)).toBeUndefined();
    expect(await images.change(owner, id, () => ({ status: "failed" }))).toBeUndefined();
    await images.remove(owner, id);
    expect(proxy.calls()).toBe(before);
  });

  it("under any other id of version 7 is not found, be its time the first or the last", async () => {
    for (const id of [randomUUIDv7(), "00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff"])
      expect(await images.find(owner, id)).toBeUndefined();
  });

  it("cannot be created under another kind of id", async () => {
    await expect(images.create(made({ id: randomUUID() }))).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("is gone once it is removed, and removing it again is no error", async () => {
    await images.create(record);
    await images.remove(owner, record.id);
    await images.remove(owner, record.id);
    expect(await images.find(owner, record.id)).toBeUndefined();
    expect(await images.change(owner, record.id, () => ({ status: "ready" }))).toBeUndefined();
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
  });
});

describe("a change", () => {
  beforeEach(() => images.create(record));

  it("is applied to the record as it is, and what is returned is what is stored", async () => {
    const changed = await images.change(owner, record.id, ({ width }) => ({ status: "pending", width: width + 1 }));
    expect(changed).toEqual({ ...record, status: "pending", width: 81 });
    expect(await images.find(owner, record.id)).toEqual(changed);
  });

  it("may be none, and then nothing is written", async () => {
    const before = proxy.calls();
    expect(await images.change(owner, record.id, () => undefined)).toEqual(record);
    expect(proxy.calls() - before).toBe(1);
  });

  it("of twenty writers at once is applied twenty times", async () => {
    const add = () => images.change(owner, record.id, ({ width }) => ({ width: width + 1 }));
    const widths = (await Promise.all(Array.from({ length: 20 }, add))).map((changed) => changed?.width);
    expect(widths.sort()).toEqual(Array.from({ length: 20 }, (_, index) => record.width + 1 + index).sort());
    expect((await images.find(owner, record.id))?.width).toBe(record.width + 20);
  });

  it("of a record that is removed meanwhile brings nothing back", async () => {
    let first = true;
    proxy.decide(({ method }) => {
      if (method === "GET" || !first) return undefined;
      first = false;
      return { kind: "hold", until: direct.remove(owner, record.id) };
    });
    expect(await images.change(owner, record.id, () => ({ status: "ready" }))).toBeUndefined();
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
  });

  it("to ready forgets why it failed before", async () => {
    await images.change(owner, record.id, () => ({ status: "failed", reason: "Broken.", sourceEtag: "" }));
    const thumbnail = { width: 2, height: 2, size: 9 };
    const ready = await images.change(owner, record.id, () => ({ status: "ready", thumbnail, sourceEtag: "1" }));
    expect(ready).toEqual({ ...record, status: "ready", thumbnail, sourceEtag: "1" });
    expect(await images.find(owner, record.id)).toEqual(ready);
  });
});

describe("what is unfinished", () => {
  it("is uploading or pending, and older than the instant", async () => {
    const at = new Date(Date.now() - 60_000);
    const createdAt = new Date(at.getTime() - 1).toISOString();
    const old = [made({ createdAt }), made({ createdAt, status: "pending" })];
    const others = [
      made({ createdAt: at.toISOString() }),
      made({ createdAt: new Date().toISOString(), status: "pending" }),
      made({ createdAt, status: "ready" }),
      made({ createdAt, status: "failed" }),
    ];
    await Promise.all([...old, ...others].map((each) => images.create(each)));
    expect(await unfinished(at)).toEqual(old.map(({ id }) => id).sort());
  });
});

describe("a table in trouble", () => {
  it("that loses the answer of a creation has created the record all the same", async () => {
    let lost = false;
    proxy.decide(() => {
      if (lost) return undefined;
      lost = true;
      return { kind: "reset-after" };
    });
    await images.create(record);
    expect(await images.find(owner, record.id)).toEqual(record);
  });

  it("is DEPENDENCY_UNAVAILABLE, with its cause and when to try again", async () => {
    await direct.create(record);
    proxy.decide(() => ({ kind: "status", status: 403 }));
    const failure = expect.objectContaining({
      code: "DEPENDENCY_UNAVAILABLE",
      headers: { "Retry-After": "5" },
      cause: expect.objectContaining({ statusCode: 403 }),
    });
    await expect(images.create(made())).rejects.toEqual(failure);
    await expect(images.find(owner, record.id)).rejects.toEqual(failure);
    await expect(images.change(owner, record.id, () => ({}))).rejects.toEqual(failure);
    await expect(images.remove(owner, record.id)).rejects.toEqual(failure);
    await expect(unfinished(new Date())).rejects.toEqual(failure);
  });
});
