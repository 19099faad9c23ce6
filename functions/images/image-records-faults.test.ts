// The images table when it is missing, rejects requests or loses a response: what each method throws or still does.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultProxy } from "../../local/fault-proxy.fixture.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { openThroughProxy, recordOf, unfinishedOf } from "./image-records.fixture.ts";
import { createImageRecords } from "./image-records.ts";
import { newOwner, openTable } from "./intake.fixture.ts";

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

describe("table errors", () => {
  it("find and change throw DEPENDENCY_UNAVAILABLE when the table does not exist", async () => {
    const gone = createImageRecords(openTable(undefined, "nosuchtable"));
    const failure = { code: "DEPENDENCY_UNAVAILABLE", cause: expect.objectContaining({ statusCode: 404 }) };
    await expect(gone.find(owner, record.id)).rejects.toMatchObject(failure);
    await expect(gone.change(owner, record.id, () => ({}))).rejects.toMatchObject(failure);
  });

  it("create succeeds when the response of its write is lost", async () => {
    let lost = false;
    proxy.decide(() => {
      if (lost) return undefined;
      lost = true;
      return { kind: "reset-after" };
    });
    await images.create(record);
    expect(await images.find(owner, record.id)).toEqual(record);
  });

  it("every method throws DEPENDENCY_UNAVAILABLE with cause and Retry-After when the table fails", async () => {
    await direct.create(record);
    proxy.decide(() => ({ kind: "status", status: 403 }));
    const failure = expect.objectContaining({
      code: "DEPENDENCY_UNAVAILABLE",
      headers: { "Retry-After": "5" },
      cause: expect.objectContaining({ statusCode: 403 }),
    });
    await expect(images.create(newRecord())).rejects.toEqual(failure);
    await expect(images.find(owner, record.id)).rejects.toEqual(failure);
    await expect(images.change(owner, record.id, () => ({}))).rejects.toEqual(failure);
    await expect(images.remove(owner, record.id, "*")).rejects.toEqual(failure);
    await expect(unfinishedIds(new Date())).rejects.toEqual(failure);
  });
});
