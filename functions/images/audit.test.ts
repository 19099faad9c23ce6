// The audit of records and blobs in memory: what it repairs, and what it never removes.
import { beforeEach, describe, expect, it } from "vitest";
import { originalBlobName } from "../lib/image.ts";
import { DAY, openLibrary } from "./audit.fixture.ts";
import { createImageAudit } from "./audit.ts";

let library: ReturnType<typeof openLibrary>;
beforeEach(() => {
  library = openLibrary();
});

describe("a library whose records and blobs agree", () => {
  it("is walked once a day, and nothing changes", async () => {
    await library.add();
    await library.add({ status: "failed", parts: ["record", "original"] });
    library.wait();
    const before = [library.memory.table.rows().length, ...library.stored()];
    await library.audit(30);
    expect([library.memory.table.rows().length - 1, ...library.stored()]).toEqual(before);
    const counts = { images: 2, differences: 0, originals_missing: 0, limit: 1, repaired: 0 };
    expect(library.lines).toMatchObject([
      { message: "images-audited", ...counts },
      { message: "images-audited", ...counts },
    ]);
  });
});

describe("an original without a record", () => {
  it("gets its record back from its name and bytes in the second walk", async () => {
    const record = await library.add({ parts: ["original", "variant"] });
    library.wait();
    await library.audit();
    expect(await library.records.find(record.owner, record.id)).toMatchObject({
      ...{ owner: "ada", filename: "a.png", contentType: "image/png", size: record.size, width: 2, height: 2 },
      ...{ status: "pending", retention: "keep", retagAt: expect.any(String) },
    });
    expect(library.stored()).toHaveLength(3);
    expect(library.linesOf("image-differs")).toMatchObject([{ image: record.id, kind: "record-missing" }]);
    expect(library.linesOf("image-repaired")).toMatchObject([{ image: record.id, outcome: "record-restored" }]);
    expect(library.linesOf("images-audited")).toMatchObject([{ images: 1, differences: 1, repaired: 1 }]);
  });

  it("is left alone for a day, since its upload may go on", async () => {
    await library.add({ parts: ["original"] });
    library.time.now += DAY - 1_000;
    await library.audit();
    expect(library.messages()).toEqual(["images-audited"]);
  });

  it("is no difference when its image was deleted after the original was listed", async () => {
    const record = await library.add({ parts: ["original"] });
    library.wait();
    const { originals } = library;
    const page: typeof originals.page = async (options) => {
      const listed = await originals.page(options);
      await originals.remove(originalBlobName(record));
      return listed;
    };
    const audit = createImageAudit({ ...library.stores, originals: { ...originals, page }, repairLimit: undefined });
    await audit.run({ log: library.log, runMs: 60_000, now: library.time.now });
    expect(library.lines).toMatchObject([{ message: "images-audited", images: 0, differences: 0 }]);
  });

  it("stays, and is logged, when it is no image", async () => {
    const record = await library.add({ parts: ["original"] });
    const blob = { bytes: Buffer.from("text"), contentType: "image/png", cacheControl: "" };
    await library.originals.write(originalBlobName(record), blob);
    library.wait();
    await library.audit();
    expect(library.linesOf("original-unreadable")).toMatchObject([{ image: record.id }]);
    expect(library.stored()).toEqual([originalBlobName(record)]);
  });

  it("is ignored when its name is not that of an image", async () => {
    const blob = { bytes: Buffer.from("text"), contentType: "text/plain", cacheControl: "" };
    for (const name of ["notes.txt", "ada/1/a.png", "ada/folder/deep/a.png"]) await library.originals.write(name, blob);
    library.wait();
    await library.audit();
    expect(library.messages()).toEqual(["images-audited"]);
  });
});

describe("variants without a record", () => {
  it("are removed when there is no original either", async () => {
    await library.add({ parts: ["variant"] });
    library.wait();
    await library.audit();
    expect(library.stored()).toEqual([]);
    expect(library.linesOf("images-audited")).toMatchObject([{ differences: 1, repaired: 1 }]);
  });

  it("are one difference when two pages have them", async () => {
    await library.add({ parts: ["variant"] });
    library.wait();
    const { thumbnails } = library;
    const page: typeof thumbnails.page = (options) => thumbnails.page({ ...options, max: 1 });
    const audit = createImageAudit({ ...library.stores, thumbnails: { ...thumbnails, page }, repairLimit: undefined });
    await audit.run({ log: library.log, runMs: 60_000, now: library.time.now });
    // Two differences would be more than the limit of this library.
    expect(library.stored()).toEqual([]);
    expect(library.linesOf("images-audited")).toMatchObject([{ differences: 1, repaired: 1, limit: 1 }]);
  });

  it("stay while they are younger than a day", async () => {
    await library.add({ parts: ["variant"] });
    library.time.now += DAY - 1_000;
    await library.audit();
    expect(library.stored()).toHaveLength(2);
  });

  it("stay in the version that was written after they were listed", async () => {
    const image = await library.add({ parts: ["variant"] });
    library.wait();
    const { thumbnails } = library;
    const name = `ada/${image.id}/thumb_256.webp`;
    const page: typeof thumbnails.page = async (options) => {
      const listed = await thumbnails.page(options);
      await thumbnails.write(name, { bytes: Buffer.from("new"), contentType: "image/webp", cacheControl: "" });
      return listed;
    };
    const audit = createImageAudit({ ...library.stores, thumbnails: { ...thumbnails, page }, repairLimit: undefined });
    // The first walk sees old variants, and makes one of them new.
    await audit.run({ log: library.log, runMs: 60_000, now: library.time.now + DAY });
    expect(library.stored()).toEqual([name]);
  });
});

describe("a record without an original", () => {
  it.each(["ready", "pending", "failed"] as const)("stays when it is %s, and raises the alert", async (status) => {
    const record = await library.add({ status, parts: ["record", "variant"] });
    library.wait();
    await library.audit(3);
    expect(await library.statusOf(record)).toBe(status);
    expect(library.stored()).toHaveLength(2);
    expect(library.linesOf("library-differs")).toMatchObject([
      { level: "error", differences: 1, originals_missing: 1 },
    ]);
  });

  it.each(["uploading", "deleting"] as const)("is left to the reconcile timer when it is %s", async (status) => {
    const record = await library.add({ status, parts: ["record"] });
    library.wait();
    await library.audit();
    expect(await library.statusOf(record)).toBe(status);
    expect(library.messages()).toEqual(["images-audited"]);
  });
});
