// The row of a past day: what was written is read again, and rows of older releases are read too.
import { expect, it } from "vitest";
import { type DayNumbers, dayRowKey, fromDayRow, toDayRow } from "./day-rows.ts";

const rowOf = (numbers: DayNumbers) => ({ rowKey: dayRowKey(numbers.day), ...toDayRow(numbers) });

it.each<DayNumbers>([
  { day: "2026-03-01", count: 2 ** 40, unique: 0 },
  { day: "2026-03-01", count: 7, unique: 5 },
  { day: "2026-03-01", count: 7, unique: 5, approximate: true },
])("reads the day %o as it was written", (numbers) => {
  expect(fromDayRow(rowOf(numbers))).toEqual(numbers);
});

it("reads a row of an older release as a day of unknown uniques", () => {
  const numbers = fromDayRow({ rowKey: "day:2026-03-01", count: 7n });
  expect(numbers).toEqual({ day: "2026-03-01", count: 7 });
  expect(numbers).not.toHaveProperty("unique");
});

it("has row keys that sort as the days do", () => {
  const days = ["2025-12-31", "2026-01-01", "2026-01-10", "2026-02-02"];
  expect(days.toReversed().map(dayRowKey).sort()).toEqual(days.map(dayRowKey));
});
