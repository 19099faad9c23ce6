// The audit of records and blobs in memory: what it repairs, what it never removes, and when it changes nothing.
import { beforeEach, describe, expect, it } from "vitest";
import { originalBlobName } from "../lib/image.ts";
import { DAY, HOUR, openLibrary } from "./audit.fixture.ts";
import { createImageAudit } from "./audit.ts";

let library: ReturnType<typeof openLibrary>;
beforeEach(() => {
  library = openLibrary();
});
const linesOf = (message: string) => library.lines.filter((line) => line.message === message);
/** A day later, so that everything is old enough. */
const wait = () => {
  library.time.now += DAY + HOUR;
};

describe("a library whose records and blobs agree", () => {
  it("is walked once a day, and nothing changes", async () => {
    await library.add();
    await library.add({ status: "failed", parts: ["record", "original"] });
    wait();
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
    wait();
    await library.audit();
    expect(await library.records.find(record.owner, record.id)).toMatchObject({
      ...{ owner: "ada", filename: "a.png", contentType: "image/png", size: record.size, width: 2, height: 2 },
      ...{ status: "pending", retention: "keep", retagAt: expect.any(String) },
    });
    expect(library.stored()).toHaveLength(3);
    expect(linesOf("image-differs")).toMatchObject([{ image: record.id, kind: "record-missing" }]);
    expect(linesOf("image-repaired")).toMatchObject([{ image: record.id, outcome: "record-restored" }]);
    expect(linesOf("images-audited")).toMatchObject([{ images: 1, differences: 1, repaired: 1 }]);
  });

  it("is left alone for a day, since its upload may go on", async () => {
    await library.add({ parts: ["original"] });
    library.time.now += DAY - 1_000;
    await library.audit();
    expect(library.messages()).toEqual(["images-audited"]);
  });

  it("is no difference when its image was deleted after the original was listed", async () => {
    const record = await library.add({ parts: ["original"] });
    wait();
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
    wait();
    await library.audit();
    expect(linesOf("original-unreadable")).toMatchObject([{ image: record.id }]);
    expect(library.stored()).toEqual([originalBlobName(record)]);
  });

  it("is ignored when its name is not that of an image", async () => {
    const blob = { bytes: Buffer.from("text"), contentType: "text/plain", cacheControl: "" };
    for (const name of ["notes.txt", "ada/1/a.png", "ada/folder/deep/a.png"]) await library.originals.write(name, blob);
    wait();
    await library.audit();
    expect(library.messages()).toEqual(["images-audited"]);
  });
});

describe("variants without a record", () => {
  it("are removed when there is no original either", async () => {
    await library.add({ parts: ["variant"] });
    wait();
    await library.audit();
    expect(library.stored()).toEqual([]);
    expect(linesOf("images-audited")).toMatchObject([{ differences: 1, repaired: 1 }]);
  });

  it("are one difference when two pages have them", async () => {
    await library.add({ parts: ["variant"] });
    wait();
    const { thumbnails } = library;
    const page: typeof thumbnails.page = (options) => thumbnails.page({ ...options, max: 1 });
    const audit = createImageAudit({ ...library.stores, thumbnails: { ...thumbnails, page }, repairLimit: undefined });
    await audit.run({ log: library.log, runMs: 60_000, now: library.time.now });
    // Two differences would be more than the limit of this library.
    expect(library.stored()).toEqual([]);
    expect(linesOf("images-audited")).toMatchObject([{ differences: 1, repaired: 1, limit: 1 }]);
  });

  it("stay while they are younger than a day", async () => {
    await library.add({ parts: ["variant"] });
    library.time.now += DAY - 1_000;
    await library.audit();
    expect(library.stored()).toHaveLength(2);
  });

  it("stay in the version that was written after they were listed", async () => {
    const image = await library.add({ parts: ["variant"] });
    wait();
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
    wait();
    await library.audit(3);
    expect(await library.statusOf(record)).toBe(status);
    expect(library.stored()).toHaveLength(2);
    expect(linesOf("library-differs")).toMatchObject([{ level: "error", differences: 1, originals_missing: 1 }]);
  });

  it.each(["uploading", "deleting"] as const)("is left to the reconcile timer when it is %s", async (status) => {
    const record = await library.add({ status, parts: ["record"] });
    wait();
    await library.audit();
    expect(await library.statusOf(record)).toBe(status);
    expect(library.messages()).toEqual(["images-audited"]);
  });
});

describe("a restored table or account", () => {
  it.each([
    ["2 of 39 images", 2, 39],
    ["3 of 59 images", 3, 59],
    ["21 of 500 images", 21, 500],
  ])("changes nothing and raises the alert when %s differ", async (_, differing, images) => {
    for (let count = 0; count < images; count++)
      await library.add(count < differing ? { parts: ["original", "variant"] } : {});
    wait();
    await library.audit(3);
    expect(library.memory.table.rows().filter(({ columns }) => columns.status)).toHaveLength(images - differing);
    expect(linesOf("image-repaired")).toEqual([]);
    expect(linesOf("library-differs")).toMatchObject([{ level: "error", changed: false, differences: differing }]);
  });

  it("is repaired below the limit: 20 of 400 images, and 1 of 2", async () => {
    for (const [differing, images] of [
      [20, 400],
      [1, 2],
    ] as const) {
      library = openLibrary();
      for (let count = 0; count < images; count++) await library.add(count < differing ? { parts: ["original"] } : {});
      wait();
      await library.audit(3);
      expect(linesOf("image-repaired")).toHaveLength(differing);
      expect(linesOf("library-differs")).toEqual([]);
    }
  });

  it("keeps all blobs when the whole table is gone", async () => {
    for (let count = 0; count < 30; count++) await library.add();
    library.memory.table.lose();
    wait();
    const before = library.stored();
    await library.audit(50);
    expect(library.stored()).toEqual(before);
    expect(linesOf("library-differs")).toHaveLength(3);
  });

  it("stops in the second walk when more differs than in the first, and repairs nothing of that page", async () => {
    await library.add({ parts: ["original"] });
    await library.add();
    wait();
    const { originals, memory } = library;
    let walks = 0;
    const page: typeof originals.page = async (options) => {
      walks += 1;
      // The records only: without the row of the pass, the run would end by itself.
      if (walks === 2) memory.table.lose(({ columns }) => columns.status !== undefined);
      return originals.page(options);
    };
    const audit = createImageAudit({ ...library.stores, originals: { ...originals, page }, repairLimit: undefined });
    await audit.run({ log: library.log, runMs: 60_000, now: library.time.now });
    expect(walks).toBe(2);
    expect(linesOf("image-repaired")).toEqual([]);
    expect(memory.table.rows().filter(({ columns }) => columns.status)).toEqual([]);
    expect(linesOf("library-differs")).toMatchObject([{ changed: false, differences: 1, limit: 1 }]);
  });

  it("is repaired at once when the operator has raised the limit", async () => {
    for (let count = 0; count < 30; count++) await library.add({ parts: ["original"] });
    wait();
    await library.audit(2);
    expect(linesOf("image-repaired")).toEqual([]);
    await library.audit(1, { limit: 29 });
    expect(linesOf("image-repaired")).toEqual([]);
    await library.audit(1, { limit: 30 });
    expect(linesOf("image-repaired")).toHaveLength(30);
  });
});

describe("a run", () => {
  it("reads no page when its time is over, and the next run goes on", async () => {
    await library.add({ parts: ["original"] });
    wait();
    await library.audit(3, { runMs: 0 });
    expect(library.lines).toEqual([]);
    await library.audit();
    expect(linesOf("image-repaired")).toHaveLength(1);
  });

  it("reads at most 5,000 names, and the next run goes on from there", async () => {
    const { originals } = library;
    let names = 0;
    const page: typeof originals.page = async ({ max, from }) => {
      const found = await originals.page({ max: Math.min(max, 2_000), from });
      names += found.blobs.length;
      return found;
    };
    for (let count = 0; count < 7_000; count++)
      await originals.write(`other/${count}`, { bytes: Buffer.from("x"), contentType: "x/y", cacheControl: "" });
    wait();
    const audit = createImageAudit({ ...library.stores, originals: { ...originals, page }, repairLimit: undefined });
    const run = () => audit.run({ log: library.log, runMs: 600_000, now: library.time.now });
    await run();
    expect(names).toBeLessThanOrEqual(5_000);
    expect(library.lines).toEqual([]);
    await run();
    expect(names).toBe(7_000);
    expect(library.messages()).toEqual(["images-audited"]);
  });

  it("that fails logs it, and the next one goes on", async () => {
    await library.add({ parts: ["original"] });
    wait();
    const page = () => Promise.reject(new Error("down"));
    const { originals } = library;
    const audit = createImageAudit({ ...library.stores, originals: { ...originals, page }, repairLimit: undefined });
    await audit.run({ log: library.log, runMs: 60_000, now: library.time.now });
    expect(library.lines).toMatchObject([{ level: "warn", message: "image-audit-failed", error: { message: "down" } }]);
    await library.audit();
    expect(linesOf("image-repaired")).toHaveLength(1);
  });

  it("repairs nothing after another instance has taken over", async () => {
    await library.add({ parts: ["original"] });
    wait();
    const run = () => library.audit();
    await Promise.all([run(), run()]);
    expect(linesOf("image-repaired")).toHaveLength(1);
  });

  it("begins a pass again that is a month old, whose marker may be of no use any more", async () => {
    await library.add();
    const { originals } = library;
    const page = () => Promise.reject(new Error("The marker is invalid"));
    const broken = createImageAudit({ ...library.stores, originals: { ...originals, page }, repairLimit: undefined });
    await broken.run({ log: library.log, runMs: 60_000, now: library.time.now });
    await library.add();
    library.time.now += 30 * DAY;
    await library.audit();
    expect(linesOf("images-audited")).toMatchObject([{ images: 2 }]);
  });
});
