// The counting rule by itself: the row after a commit.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoreTime } from "../lib/store-clock.ts";
import {
  type Batch,
  ENTRY_LIFE_MS,
  emptyTotal,
  isApplied,
  isOverBudget,
  MAX_WRITERS,
  rivals,
  type Total,
  totalSchema,
  withBatch,
} from "./total.ts";

const exactly = (time: number): StoreTime => ({ earliest: time, latest: time });
const batch = (more: Partial<Batch> = {}): Batch => ({
  writer: "a",
  commit: 1,
  visits: 1,
  visitors: [],
  held: 0,
  day: "2026-03-01",
  ...more,
});
const entry = (at: number) => ({ commit: 1, count: 1, today: 1, at });
const nothing: ReadonlySet<string> = new Set();

/** The row after the batch. Fails when the row has too many writers. */
function commit(total: Total, next: Batch, now = exactly(0), writtenDays = nothing): Total {
  return withBatch(total, next, { now, writtenDays, salt: undefined }) ?? expect.fail("too many writers");
}
const withWriters = (count: number, at: number): Total => ({
  ...emptyTotal,
  writers: Object.fromEntries(Array.from({ length: count }, (_, index) => [`w${index}`, entry(at)])),
});

describe("withBatch", () => {
  it("adds the visits to the total and the day, and writes the writer's entry", () => {
    const now = { earliest: 400, latest: 500 };
    const row = { ...emptyTotal, count: 10, day: "2026-03-01", dayCount: 4, dayWrites: 2 };
    const total = commit(row, batch({ visits: 3 }), now);
    expect(total).toEqual({
      count: 13,
      day: "2026-03-01",
      dayCount: 7,
      dayWrites: 3,
      writers: { a: { commit: 1, count: 13, today: 7, at: 500 } },
      closed: [],
    });
  });

  it("leaves an entry by which isApplied finds the batch, also after another writer's commit", () => {
    const own = batch({ commit: 7 });
    const total = commit(commit(emptyTotal, own), batch({ writer: "b", visits: 5 }));
    expect(isApplied(total, own)).toBe(true);
    expect(isApplied(total, batch({ commit: 6 }))).toBe(false);
    expect(isApplied(total, batch({ commit: 8 }))).toBe(false);
    expect(isApplied(total, batch({ writer: "c", commit: 7 }))).toBe(false);
    expect(isApplied(emptyTotal, own)).toBe(false);
    expect(total.writers.a).toMatchObject({ count: 1, today: 1 });
  });

  it("changes neither its row nor its batch", () => {
    const row = Object.freeze({
      ...emptyTotal,
      writers: Object.freeze({}),
      closed: Object.freeze([]),
    }) as unknown as Total;
    expect(() => commit(row, Object.freeze(batch()))).not.toThrow();
  });

  it("counts beyond 2^31", () => {
    expect(commit({ ...emptyTotal, count: 2 ** 40 }, batch()).count).toBe(2 ** 40 + 1);
  });
});

describe("the entry of a writer", () => {
  const old = (at: number): Total => ({ ...emptyTotal, writers: { b: entry(at) } });
  const isKept = (at: number, now: StoreTime) => "b" in commit(old(at), batch(), now).writers;

  it("drops an entry only when it is old at the earliest possible time", () => {
    expect(isKept(0, exactly(ENTRY_LIFE_MS - 1))).toBe(true);
    expect(isKept(0, exactly(ENTRY_LIFE_MS))).toBe(false);
    expect(isKept(0, { earliest: ENTRY_LIFE_MS - 1, latest: ENTRY_LIFE_MS * 100 })).toBe(true);
    expect(isKept(5_000, exactly(0))).toBe(true);
  });

  it("dates an entry at the latest possible time, so that it is not dropped early", () => {
    expect(commit(emptyTotal, batch(), { earliest: 1, latest: 9_000 }).writers.a?.at).toBe(9_000);
  });

  it("replaces the writer's own entry at any age", () => {
    const total = commit({ ...emptyTotal, writers: { a: entry(0) } }, batch({ commit: 9 }), exactly(ENTRY_LIFE_MS * 3));
    expect(Object.keys(total.writers)).toEqual(["a"]);
    expect(total.writers.a?.commit).toBe(9);
  });

  it("rejects a 65th live writer, but not a known one or one after another has expired", () => {
    const options = { now: exactly(0), writtenDays: nothing, salt: undefined };
    const full = withWriters(MAX_WRITERS, 0);
    expect(withBatch(full, batch(), options)).toBeUndefined();
    expect(withBatch(full, batch({ writer: "w63", commit: 2 }), options)).toMatchObject({ count: 1 });
    expect(withBatch(withWriters(MAX_WRITERS - 1, 0), batch(), options)).toMatchObject({ count: 1 });
    expect(withBatch(full, batch(), { ...options, now: exactly(ENTRY_LIFE_MS) })).toMatchObject({ count: 1 });
  });
});

describe("the day of a row", () => {
  const row: Total = { ...emptyTotal, count: 9, day: "2026-03-01", dayCount: 4, dayWrites: 3 };

  it("closes a day at the first commit of the next one, and starts its counts again", () => {
    const total = commit(row, batch({ day: "2026-03-02", visits: 2 }));
    expect(total).toMatchObject({ count: 11, day: "2026-03-02", dayCount: 2, dayWrites: 1 });
    expect(total.closed).toEqual([{ day: "2026-03-01", count: 4 }]);
    expect(total.writers.a).toMatchObject({ count: 11, today: 2 });
  });

  it("counts a batch of yesterday on the row's day", () => {
    expect(commit(row, batch({ day: "2026-02-28" }))).toMatchObject({
      day: "2026-03-01",
      dayCount: 5,
      dayWrites: 4,
      closed: [],
    });
  });

  it("does not close a day without visits", () => {
    expect(commit({ ...row, dayCount: 0 }, batch({ day: "2026-03-02" })).closed).toEqual([]);
    expect(commit(emptyTotal, batch()).closed).toEqual([]);
  });

  it("keeps a closed day in the row until its own row is written", () => {
    const closed = [
      { day: "2026-02-27", count: 1 },
      { day: "2026-02-28", count: 2 },
    ];
    const total = commit({ ...row, closed }, batch(), exactly(0), new Set(["2026-02-27"]));
    expect(total.closed).toEqual([{ day: "2026-02-28", count: 2 }]);
  });
});

describe("isOverBudget", () => {
  it.each([
    ["2026-03-01", 99, false],
    ["2026-03-01", 100, true],
    ["2026-02-28", 500, false],
    ["2026-03-02", 100, true],
  ])("returns for a row of %s with %i writes, a budget of 100 and today 2026-03-01: %s", (day, dayWrites, expected) => {
    expect(isOverBudget({ ...emptyTotal, day, dayWrites }, { budget: 100, today: () => "2026-03-01" })).toBe(expected);
  });
});

describe("rivals", () => {
  it("counts the other writers with a recent commit", () => {
    const total: Total = {
      ...emptyTotal,
      writers: { a: entry(1_000), b: entry(1_000), c: entry(400), d: entry(5_000) },
    };
    expect(rivals(total, "a", { now: exactly(1_500), ms: 1_000 })).toBe(2);
    expect(rivals(total, "a", { now: exactly(1_400), ms: 1_001 })).toBe(3);
    expect(rivals(emptyTotal, "a", { now: exactly(0), ms: 1_000 })).toBe(0);
  });
});

describe("any sequence of batches", () => {
  const day = fc.integer({ min: 1, max: 9 }).map((date) => `2026-03-0${date}`);
  const step = fc.record({
    writer: fc.constantFrom("a", "b", "c"),
    visits: fc.integer({ min: 1, max: 50 }),
    day,
    ms: fc.integer({ min: 0, max: ENTRY_LIFE_MS }),
    uncertainty: fc.integer({ min: 0, max: ENTRY_LIFE_MS }),
  });

  it("keeps the sum of the days equal to the total and to the visits, and never goes back a day", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let total = emptyTotal;
        let time = 0;
        const sum = (counts: { visits: number }[]) => counts.reduce((all, { visits }) => all + visits, 0);
        for (const [index, { ms, uncertainty, ...given }] of steps.entries()) {
          time += ms;
          const next = commit(total, batch({ ...given, commit: index + 1 }), {
            earliest: time - uncertainty,
            latest: time,
          });
          expect(next.day >= total.day && next.day >= given.day).toBe(true);
          expect(isApplied(next, batch({ ...given, commit: index + 1 }))).toBe(true);
          expect(next.writers[given.writer]).toMatchObject({ count: next.count, today: next.dayCount, at: time });
          total = next;
        }
        expect(total.count).toBe(sum(steps));
        expect(total.closed.reduce((all, { count }) => all + count, total.dayCount)).toBe(total.count);
        expect(new Set(total.closed.map((closed) => closed.day)).size).toBe(total.closed.length);
        expect(totalSchema.parse(JSON.parse(JSON.stringify(total)))).toEqual(total);
      }),
      { numRuns: 500 },
    );
  });
});
