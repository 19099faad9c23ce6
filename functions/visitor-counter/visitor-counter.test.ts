// The counter against Azurite: the numbers of visits, the calls to the table, and seeding.
import { describe, expect, it, vi } from "vitest";
import { countMany, direct, numbers, setup, upTo, useCounter } from "./visitor-counter.fixture.ts";

useCounter();

describe("counting", () => {
  it("gives each of 500 concurrent visits its own number", async () => {
    expect(numbers(await countMany(500))).toEqual(upTo(500));
    expect(await setup.counter.read(setup.page)).toEqual({ count: 500, today: 500, uniqueToday: 0 });
  });

  it("makes one table call for a single visit once it knows the row", async () => {
    await setup.counter.count(setup.page);
    const before = setup.proxy.calls();
    await setup.counter.count(setup.page);
    expect(setup.proxy.calls() - before).toBe(1);
  });

  it("commits visits that arrive together in one write", async () => {
    await setup.counter.count(setup.page);
    const before = setup.proxy.calls();
    await countMany(200);
    expect(setup.proxy.calls() - before).toBeLessThanOrEqual(2);
  });

  it("rejects a page that is not counted, and creates no row", async () => {
    await expect(setup.counter.count("unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(setup.counter.read("unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(direct.getEntity("unknown", "total")).rejects.toMatchObject({ statusCode: 404 });
  });

  it("reads zeros before the first visit and creates no row", async () => {
    expect(await setup.counter.read(setup.page)).toEqual({ count: 0, today: 0, uniqueToday: 0 });
    await expect(direct.getEntity(setup.page, "total")).rejects.toMatchObject({ statusCode: 404 });
  });

  it("counts beyond 2^31", async () => {
    await setup.counter.seed(setup.page, 2 ** 31 + 5);
    expect(await setup.counter.count(setup.page)).toEqual({ count: 2 ** 31 + 6, today: 1 });
    expect((await direct.getEntity(setup.page, "total")).count).toBe(BigInt(2 ** 31 + 6));
  });

  it("writes a past day to a row of its own", async () => {
    await setup.other.count(setup.page);
    await direct.updateEntity({ partitionKey: setup.page, rowKey: "total", day: "2020-02-29" }, "Merge");
    await setup.counter.read(setup.page);
    expect(await setup.counter.count(setup.page)).toEqual({ count: 2, today: 1 });
    const { today, days } = await setup.counter.days(setup.page);
    expect(days).toEqual([
      { day: "2020-02-29", count: 1, unique: 0 },
      { day: today, count: 1, unique: 0 },
    ]);
    await vi.waitFor(async () => expect((await direct.getEntity(setup.page, "day:2020-02-29")).count).toBe(1n), 30_000);
    await vi.waitFor(async () => {
      await setup.counter.count(setup.page);
      expect((await direct.getEntity(setup.page, "total")).closed).toBe("[]");
    }, 30_000);
  });
});

describe("seeding", () => {
  it("creates a missing row, raises a smaller count, keeps a larger one, and returns which", async () => {
    expect(await setup.counter.seed(setup.page, 0)).toEqual({ outcome: "created", count: 0 });
    expect(await setup.counter.seed(setup.page, 0)).toEqual({ outcome: "kept", count: 0 });
    expect(await setup.counter.seed(setup.page, 40)).toEqual({ outcome: "raised", count: 40 });
    expect(await setup.counter.count(setup.page)).toEqual({ count: 41, today: 1 });
    expect(await setup.counter.seed(setup.page, 7)).toEqual({ outcome: "kept", count: 41 });
  });

  it("raises the count of a row that reads do not show yet", async () => {
    setup.proxy.lag(500);
    await setup.counter.count(setup.page);
    expect(await setup.counter.seed(setup.page, 40)).toEqual({ outcome: "raised", count: 40 });
  });

  it("calculates the count again for a row that changed before it was written", async () => {
    await setup.other.count(setup.page);
    let calls = 0;
    const seeded = await setup.counter.seed(setup.page, async (days) => {
      calls += 1;
      if (calls === 1) await countMany(3, setup.other);
      return 100 + days.reduce((sum, { count }) => sum + count, 0);
    });
    expect([calls, seeded]).toEqual([2, { outcome: "raised", count: 104 }]);
    expect(await setup.other.read(setup.page)).toMatchObject({ count: 104, today: 4 });
  });

  it("loses no concurrent visit", async () => {
    const [visits, seeded] = await Promise.all([countMany(50, setup.other), setup.counter.seed(setup.page, 1_000)]);
    expect(["created", "raised"]).toContain(seeded.outcome);
    const before = visits.filter(({ count }) => count < 1_000).length;
    expect((await setup.other.read(setup.page)).count).toBe(1_000 + visits.length - before);
  });
});
