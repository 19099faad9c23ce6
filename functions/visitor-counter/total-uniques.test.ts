// The visitors in the row of a page: whose salt counts, what a new day starts with, and what an older release leaves.
import { describe, expect, it } from "vitest";
import { type Batch, daysOf, emptyTotal, type Total, totalSchema, turnedTo, withBatch, withDayOver } from "./total.ts";
import { SALT_BYTES } from "./uniques.ts";

const salt = (byte: number) => new Uint8Array(SALT_BYTES).fill(byte);
const visitor = (byte: number) => new Uint8Array(32).fill(byte);
const DAY = "2026-03-01";
const NEXT = "2026-03-02";

type Visits = Partial<Batch> & { salt?: Uint8Array | undefined };
/** The row after one visit of each visitor, unless `visits` says more. */
function commit(total: Total, { salt: given = salt(1), visitors = [], ...more }: Visits = {}): Total {
  const batch = { writer: "a", commit: 1, visits: visitors.length || 1, held: 0, day: DAY, ...more, visitors };
  const now = { earliest: 0, latest: 0 };
  return withBatch(total, batch, { now, writtenDays: new Set(), salt: given }) ?? expect.fail("too many writers");
}
const withoutUniques = (total: Total): Total => {
  const { uniques: _, ...old } = total;
  return old;
};
const first = commit(emptyTotal, { visitors: [visitor(1), visitor(2), visitor(1)] });

describe("withBatch with visitors", () => {
  it("adds the visitors to the day and gives the writer's entry their number", () => {
    expect(first).toMatchObject({ dayCount: 3, uniques: { salt: salt(1), unique: 2, approximate: false } });
    expect(first.writers.a).toMatchObject({ count: 3, today: 3, unique: 2 });
    const second = commit(first, { writer: "b", visitors: [visitor(2), visitor(3)] });
    expect(second.writers).toMatchObject({ a: { unique: 2 }, b: { unique: 3 } });
  });

  it("keeps the salt of the row, whatever the writer passes in", () => {
    const second = commit(first, { salt: salt(9), visitors: [visitor(1)] });
    expect(second.uniques).toMatchObject({ salt: salt(1), unique: 2 });
  });

  it("counts visits without a visitor, and stays exact", () => {
    expect(commit(first, { visits: 5 })).toMatchObject({ dayCount: 8, uniques: { unique: 2, approximate: false } });
  });

  it("is approximate once held visits are committed", () => {
    expect(commit(first, { visits: 5, held: 4, visitors: [visitor(4)] }).uniques).toMatchObject({
      unique: 3,
      approximate: true,
    });
  });

  it("starts the next day with the salt that is passed in and without the visitors of the day before", () => {
    const next = commit(first, { salt: salt(2), visitors: [visitor(1)], day: NEXT });
    expect(next.uniques).toMatchObject({ salt: salt(2), unique: 1, approximate: false });
    expect(next.closed).toEqual([{ day: DAY, count: 3, unique: 2 }]);
    expect(daysOf(next)).toEqual([
      { day: DAY, count: 3, unique: 2 },
      { day: NEXT, count: 1, unique: 1 },
    ]);
  });

  it("counts the visitors of a batch of yesterday on the row's day", () => {
    const next = commit(commit(first, { day: NEXT, visitors: [visitor(1)] }), { day: DAY, visitors: [visitor(5)] });
    expect(next).toMatchObject({ day: NEXT, dayCount: 2, uniques: { unique: 2 } });
  });

  it("starts a new set that is approximate when an older release has written the row", () => {
    const next = commit(withoutUniques(first), { salt: salt(3), visitors: [visitor(1)] });
    expect(next.uniques).toMatchObject({ salt: salt(3), unique: 1, approximate: true });
    expect(daysOf(next)).toEqual([{ day: DAY, count: 4, unique: 1, approximate: true }]);
    const closed = commit(next, { day: NEXT }).closed;
    expect(closed).toEqual([{ day: DAY, count: 4, unique: 1, approximate: true }]);
  });

  it("closes a day that an older release wrote alone without a number of visitors", () => {
    const [closed] = commit(withoutUniques(first), { day: NEXT, visitors: [visitor(1)] }).closed;
    expect(closed).toEqual({ day: DAY, count: 3 });
    expect(closed).not.toHaveProperty("unique");
  });

  it("removes salt and visitors from the row where uniques are off", () => {
    const next = withBatch(
      first,
      { writer: "a", commit: 2, visits: 1, visitors: [], held: 0, day: DAY },
      { now: { earliest: 0, latest: 0 }, writtenDays: new Set(), salt: undefined },
    );
    expect(next).toMatchObject({ dayCount: 4 });
    expect(next).not.toHaveProperty("uniques");
    expect(next?.writers.a).not.toHaveProperty("unique");
  });

  it("is accepted by the schema of the row", () => {
    expect(totalSchema.parse(first)).toEqual(first);
  });
});

describe("a day that is over", () => {
  it("is turned to the current day without salt and visitors, and all else is kept", () => {
    const turned = withDayOver(first, NEXT);
    expect(turned).toEqual({
      ...withoutUniques(first),
      day: NEXT,
      dayCount: 0,
      dayWrites: 0,
      closed: [{ day: DAY, count: 3, unique: 2 }],
    });
  });

  it("gives the same days as the commit path when a visit comes after it", () => {
    const visits = { day: NEXT, visitors: [visitor(1), visitor(7)] };
    expect(commit(turnedTo(NEXT, first), visits)).toEqual(commit(first, visits));
  });

  it("stays as it is when it has no visits, is today, or is later than today by a clock that is behind", () => {
    expect(withDayOver(turnedTo(NEXT, first), "2026-03-05")).toBeUndefined();
    expect(withDayOver(first, DAY)).toBeUndefined();
    expect(withDayOver(first, "2026-02-28")).toBeUndefined();
    expect(withDayOver(emptyTotal, DAY)).toBeUndefined();
  });
});
