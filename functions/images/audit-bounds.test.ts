// The bounds of the audit in memory: how much it repairs, how much a run reads, and what ends it.
import { beforeEach, describe, expect, it } from "vitest";
import { DAY, openLibrary } from "./audit.fixture.ts";
import { createImageAudit } from "./audit.ts";

let library: ReturnType<typeof openLibrary>;
beforeEach(() => {
  library = openLibrary();
});

describe("a restored table or account", () => {
  it.each([
    ["2 of 39 images", 2, 39],
    ["3 of 59 images", 3, 59],
    ["21 of 500 images", 21, 500],
  ])("changes nothing and raises the alert when %s differ", async (_, differing, images) => {
    for (let count = 0; count < images; count++)
      await library.add(count < differing ? { parts: ["original", "variant"] } : {});
    library.wait();
    await library.audit(3);
    expect(library.memory.table.rows().filter(({ columns }) => columns.status)).toHaveLength(images - differing);
    expect(library.linesOf("image-repaired")).toEqual([]);
    expect(library.linesOf("library-differs")).toMatchObject([
      { level: "error", changed: false, differences: differing },
    ]);
  });

  it("is repaired below the limit: 20 of 400 images, and 1 of 2", async () => {
    for (const [differing, images] of [
      [20, 400],
      [1, 2],
    ] as const) {
      library = openLibrary();
      for (let count = 0; count < images; count++) await library.add(count < differing ? { parts: ["original"] } : {});
      library.wait();
      await library.audit(3);
      expect(library.linesOf("image-repaired")).toHaveLength(differing);
      expect(library.linesOf("library-differs")).toEqual([]);
    }
  });

  it("keeps all blobs when the whole table is gone", async () => {
    for (let count = 0; count < 30; count++) await library.add();
    library.memory.table.lose();
    library.wait();
    const before = library.stored();
    await library.audit(50);
    expect(library.stored()).toEqual(before);
    expect(library.linesOf("library-differs")).toHaveLength(3);
  });

  it("stops in the second walk when more differs than in the first, and repairs nothing of that page", async () => {
    await library.add({ parts: ["original"] });
    await library.add();
    library.wait();
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
    expect(library.linesOf("image-repaired")).toEqual([]);
    expect(memory.table.rows().filter(({ columns }) => columns.status)).toEqual([]);
    expect(library.linesOf("library-differs")).toMatchObject([{ changed: false, differences: 1, limit: 1 }]);
  });

  it("is repaired at once when the operator has raised the limit", async () => {
    for (let count = 0; count < 30; count++) await library.add({ parts: ["original"] });
    library.wait();
    await library.audit(2);
    expect(library.linesOf("image-repaired")).toEqual([]);
    await library.audit(1, { limit: 29 });
    expect(library.linesOf("image-repaired")).toEqual([]);
    await library.audit(1, { limit: 30 });
    expect(library.linesOf("image-repaired")).toHaveLength(30);
  });
});

describe("a run", () => {
  it("reads no page when its time is over, and the next run goes on", async () => {
    await library.add({ parts: ["original"] });
    library.wait();
    await library.audit(3, { runMs: 0 });
    expect(library.lines).toEqual([]);
    await library.audit();
    expect(library.linesOf("image-repaired")).toHaveLength(1);
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
    library.wait();
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
    library.wait();
    const page = () => Promise.reject(new Error("down"));
    const { originals } = library;
    const audit = createImageAudit({ ...library.stores, originals: { ...originals, page }, repairLimit: undefined });
    await audit.run({ log: library.log, runMs: 60_000, now: library.time.now });
    expect(library.lines).toMatchObject([{ level: "warn", message: "image-audit-failed", error: { message: "down" } }]);
    await library.audit();
    expect(library.linesOf("image-repaired")).toHaveLength(1);
  });

  it("repairs nothing after another instance has taken over", async () => {
    await library.add({ parts: ["original"] });
    library.wait();
    const run = () => library.audit();
    await Promise.all([run(), run()]);
    expect(library.linesOf("image-repaired")).toHaveLength(1);
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
    expect(library.linesOf("images-audited")).toMatchObject([{ images: 2 }]);
  });
});
