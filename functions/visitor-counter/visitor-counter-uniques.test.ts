// Uniques against Azurite: several instances and lost responses, the columns of the row, and rows of older releases.
import { describe, expect, it } from "vitest";
import type { Fault } from "../../local/fault-proxy.fixture.ts";
import { EXACT_LIMIT, SALT_BYTES } from "./uniques.ts";
import {
  countMany,
  countVisitors,
  direct,
  failWrites,
  isWrite,
  numbers,
  openBehindProxy,
  openCounter,
  setup,
  upTo,
  useCounter,
  visitorAt,
} from "./visitor-counter.fixture.ts";

useCounter();

type Row = Readonly<Record<string, unknown>> & { readonly partitionKey: string; readonly rowKey: string };
const row = (): Promise<Row> => direct.getEntity(setup.page, "total");
const uniqueColumns = ["salt", "uniqueSet", "uniqueRegisters", "unique", "approximate"];
const present = async () => {
  const found = await row();
  return uniqueColumns.filter((name) => name in found);
};

/** What an older release makes of the row when it writes. */
async function writeAsOlderRelease() {
  const found = await row();
  const known = ["partitionKey", "rowKey", "count", "day", "dayCount", "dayWrites", "writers", "closed"];
  const old = Object.fromEntries(known.map((name) => [name, found[name]]));
  const types = Object.fromEntries(["count", "dayCount", "dayWrites"].map((name) => [name, found[name] as bigint]));
  await direct.updateEntity({ ...old, ...types } as Row, "Replace");
}

describe("unique visitors", () => {
  it("counts each visitor once with four instances while every third write loses its response", async () => {
    let writes = 0;
    setup.proxy.decide((request) => (isWrite(request) && writes++ % 3 === 2 ? { kind: "reset-after" } : undefined));
    const instances = [setup.counter, ...Array.from({ length: 3 }, () => openBehindProxy({}))];
    const visitors = upTo(25);
    const visits = (
      await Promise.all([...instances, ...instances].map((instance) => countVisitors(visitors, instance)))
    ).flat();
    expect(numbers(visits)).toEqual(upTo(200));
    expect(Math.max(...visits.map(({ uniqueToday = 0 }) => uniqueToday))).toBe(25);
    expect(await setup.other.read(setup.page)).toEqual({ count: 200, today: 200, uniqueToday: 25 });
  });

  it.each<Fault["kind"]>(["reset-before", "reset-after"])(
    "returns the same number after a lost call: %s",
    async (kind) => {
      await countVisitors([1, 2]);
      failWrites({ kind } as Fault);
      // One batch or two: the new visitor is in the first.
      expect(await countVisitors([3, 2])).toEqual([
        { count: 3, today: 3, uniqueToday: 3 },
        { count: 4, today: 4, uniqueToday: 3 },
      ]);
    },
  );

  it("makes one table call for a single visit once it knows the row, and stores salt and ids alone", async () => {
    await countVisitors([1, 2]);
    const before = setup.proxy.calls();
    await countVisitors([3]);
    expect(setup.proxy.calls() - before).toBe(1);
    const { salt, uniqueSet, unique, approximate, writers } = await row();
    expect(salt).toHaveLength(SALT_BYTES);
    expect(uniqueSet).toHaveLength(3 * 5);
    expect([unique, approximate]).toEqual([3n, false]);
    for (const visitor of [1, 2, 3].map(visitorAt)) {
      const start = visitor.subarray(0, 5);
      expect(Buffer.from(uniqueSet as Uint8Array).includes(start)).toBe(false);
      expect(String(writers)).not.toContain(visitor.toString("hex").slice(0, 10));
    }
  });

  it("returns the number of visitors only to those with a hash", async () => {
    await countVisitors([1]);
    expect(await countMany(1)).toEqual([{ count: 2, today: 2 }]);
    expect(await countVisitors([1])).toEqual([{ count: 3, today: 3, uniqueToday: 1 }]);
  });

  it("keeps registers instead of the set beyond the limit", async () => {
    const [last] = (await countVisitors(upTo(EXACT_LIMIT + 1))).slice(-1);
    expect(last?.uniqueToday).toBe(EXACT_LIMIT + 1);
    expect(await present()).toEqual(["salt", "uniqueRegisters", "unique", "approximate"]);
    const fresh = openCounter(direct);
    const [again] = await countVisitors([1], fresh);
    expect(again?.count).toBe(EXACT_LIMIT + 2);
    // The estimate depends on the salt. It is bounded by the number before and by the visits.
    expect([EXACT_LIMIT + 1, EXACT_LIMIT + 2]).toContain(again?.uniqueToday);
    const { days, today } = await fresh.days(setup.page);
    expect(days).toEqual([{ day: today, count: EXACT_LIMIT + 2, unique: again?.uniqueToday, approximate: true }]);
  });
});

describe("a row without its set", () => {
  it("is counted on by this release, approximately, after an older one has written it", async () => {
    await countVisitors([1, 2]);
    await writeAsOlderRelease();
    expect(await present()).toEqual([]);
    expect(await setup.other.read(setup.page)).toEqual({ count: 2, today: 2 });
    expect(await countVisitors([2], setup.other)).toEqual([{ count: 3, today: 3, uniqueToday: 1 }]);
    expect((await row()).approximate).toBe(true);
  });

  it("counts visits on when the set is damaged", async () => {
    await countVisitors([1, 2]);
    await direct.updateEntity({ partitionKey: setup.page, rowKey: "total", uniqueSet: new Uint8Array(7) }, "Merge");
    expect(await countVisitors([3], setup.other)).toEqual([{ count: 3, today: 3, uniqueToday: 1 }]);
    expect((await row()).approximate).toBe(true);
  });

  it("is what an instance leaves where uniques are off", async () => {
    await countVisitors([1, 2]);
    const off = openCounter(direct, { uniques: false });
    expect(await countMany(1, off)).toEqual([{ count: 3, today: 3 }]);
    expect(await present()).toEqual([]);
    expect(await off.read(setup.page)).toEqual({ count: 3, today: 3 });
  });
});

describe("recent", () => {
  it("reads the row once for 500 callers, and not at all after a visit", async () => {
    const before = setup.proxy.calls();
    await setup.other.count(setup.page);
    const many = () => Promise.all(Array.from({ length: 500 }, () => setup.counter.recent(setup.page)));
    expect(await many()).toEqual(Array(500).fill({ count: 1, today: 1, uniqueToday: 0 }));
    expect(setup.proxy.calls() - before).toBe(1);
    await countVisitors([1]);
    const after = setup.proxy.calls();
    expect(await many()).toEqual(Array(500).fill({ count: 2, today: 2, uniqueToday: 1 }));
    expect(setup.proxy.calls() - after).toBe(0);
  });
});
