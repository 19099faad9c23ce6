// The counter against Azurite: what visitors are told, and what a seed does.
import { describe, expect, it, vi } from "vitest";
import { direct, many, numbers, scene, setTheScene, upTo } from "./visitor-counter.simulation.ts";

setTheScene();

describe("counting", () => {
  it("gives each of many visits at once its own number", async () => {
    expect(numbers(await many(500))).toEqual(upTo(500));
    expect(await scene.counter.read(scene.page)).toEqual({ count: 500, today: 500 });
  });

  it("spends one table call on a quiet visit once it knows the row", async () => {
    await scene.counter.count(scene.page);
    const before = scene.proxy.calls();
    await scene.counter.count(scene.page);
    expect(scene.proxy.calls() - before).toBe(1);
  });

  it("shares commits among visits that arrive together", async () => {
    await scene.counter.count(scene.page);
    const before = scene.proxy.calls();
    await many(200);
    expect(scene.proxy.calls() - before).toBeLessThanOrEqual(2);
  });

  it("refuses a page that is not counted, and creates nothing", async () => {
    await expect(scene.counter.count("unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(scene.counter.read("unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(direct.getEntity("unknown", "total")).rejects.toMatchObject({ statusCode: 404 });
  });

  it("reads zeros before the first visit and creates nothing", async () => {
    expect(await scene.counter.read(scene.page)).toEqual({ count: 0, today: 0 });
    await expect(direct.getEntity(scene.page, "total")).rejects.toMatchObject({ statusCode: 404 });
  });

  it("counts on beyond 2^31", async () => {
    await scene.counter.seed(scene.page, 2 ** 31 + 5);
    expect(await scene.counter.count(scene.page)).toEqual({ count: 2 ** 31 + 6, today: 1 });
    expect((await direct.getEntity(scene.page, "total")).count).toBe(BigInt(2 ** 31 + 6));
  });

  it("closes a day that is over into a row of its own", async () => {
    await scene.other.count(scene.page);
    await direct.updateEntity({ partitionKey: scene.page, rowKey: "total", day: "2020-02-29" }, "Merge");
    await scene.counter.read(scene.page);
    expect(await scene.counter.count(scene.page)).toEqual({ count: 2, today: 1 });
    await vi.waitFor(async () => expect((await direct.getEntity(scene.page, "day:2020-02-29")).count).toBe(1n));
    await vi.waitFor(async () => {
      await scene.counter.count(scene.page);
      expect((await direct.getEntity(scene.page, "total")).closed).toBe("[]");
    });
  });
});

describe("seeding", () => {
  it("creates an absent row, keeps a larger count, raises a smaller one, and says which", async () => {
    expect(await scene.counter.seed(scene.page, 0)).toEqual({ did: "created", count: 0 });
    expect(await scene.counter.seed(scene.page, 0)).toEqual({ did: "kept", count: 0 });
    expect(await scene.counter.seed(scene.page, 40)).toEqual({ did: "raised", count: 40 });
    expect(await scene.counter.count(scene.page)).toEqual({ count: 41, today: 1 });
    expect(await scene.counter.seed(scene.page, 7)).toEqual({ did: "kept", count: 41 });
  });

  it("loses no visit that is counted at the same time", async () => {
    const [visits, seeded] = await Promise.all([many(50, scene.other), scene.counter.seed(scene.page, 1_000)]);
    expect(["created", "raised"]).toContain(seeded.did);
    const before = visits.filter(({ count }) => count < 1_000).length;
    expect((await scene.other.read(scene.page)).count).toBe(1_000 + visits.length - before);
  });
});
