// The days of an import: our own CSV, or the export of GoatCounter. A wrong line rejects all of it. Pure.
import { rejectLine } from "../lib/http/csv.ts";
import { shorten, throwValidationError } from "../lib/http/validation-issues.ts";
import { MAX_DAYS } from "./history.ts";
import { DAY_COLUMNS } from "./history-csv.ts";
import type { ImportedDay } from "./import-rows.ts";

export const importFormats = ["days", "goatcounter"] as const;
export type ImportFormat = (typeof importFormats)[number];

export type ImportContext = {
  /** Day of the site, YYYY-MM-DD. It is not over, so its lines are left out. */
  readonly today: string;
  /** Day of the site at a time in milliseconds since 1970. */
  readonly dayOf: (time: number) => string;
  /** The path whose views are imported, for an export of a whole site. */
  readonly path: string | undefined;
};

/** Collects lines of one format. Both throw `AppError` VALIDATION_FAILED. */
export type DaysReader = {
  readonly format: ImportFormat;
  add(fields: readonly string[], line: number): void;
  /** Oldest first; at least one. */
  days(): ImportedDay[];
};

/** https://github.com/arp242/goatcounter, exportcsv.go: version 2, in this order. */
const GOATCOUNTER =
  "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,Screen size,Location,FirstVisit,Date";
const GOATCOUNTER_COLUMNS = GOATCOUNTER.split(",");

const quote = (text: string | undefined) => JSON.stringify(shorten(text ?? ""));

function requireFields(fields: readonly string[], columns: readonly string[], line: number): void {
  if (fields.length !== columns.length)
    rejectLine(line, `must have ${columns.length} fields, received ${fields.length}: ${columns.join(",")}.`);
}

/** The entry of a day, which is added unless it would be one too many. */
function entryOf<T>(days: Map<string, T>, { day, line, empty }: { day: string; line: number; empty: T }): T {
  const known = days.get(day);
  if (known !== undefined) return known;
  if (days.size >= MAX_DAYS)
    rejectLine(line, `must be of one of ${MAX_DAYS} days, received a further day ${day}: import them in parts.`);
  days.set(day, empty);
  return empty;
}

function requireSome(days: readonly ImportedDay[], message: string): ImportedDay[] {
  if (days.length === 0) throwValidationError([{ path: "body", message }]);
  return days.toSorted((one, other) => (one.day < other.day ? -1 : 1));
}

function rejectFuture(day: string, today: string, line: number): void {
  if (day > today) rejectLine(line, `must be of a day before today (${today}), received ${day}: leave it out.`);
}

function createDaysReader({ today }: ImportContext): DaysReader {
  const days = new Map<string, ImportedDay>();
  /** Up to 10 digits, so that no sum of all days from the year 1000 on exceeds what JSON carries. */
  function numberIn(text: string | undefined, name: string, line: number): number {
    if (!/^\d{1,10}$/.test(text ?? ""))
      rejectLine(line, `must have ${name} as 1 to 10 digits, received ${quote(text)}: write for example 12.`);
    return Number(text);
  }
  return {
    format: "days",
    add(fields, line) {
      requireFields(fields, DAY_COLUMNS, line);
      const [day = "", visitsText, uniquesText] = fields;
      if (!/^[12]\d{3}-\d\d-\d\d$/.test(day) || !isDate(day))
        rejectLine(line, `must have a day as YYYY-MM-DD, received ${quote(day)}: write for example 2026-11-21.`);
      if (days.has(day)) rejectLine(line, `must be the only one of its day, received ${day} again: add them up.`);
      const visits = numberIn(visitsText, "visits", line);
      const uniques = uniquesText === "" ? undefined : numberIn(uniquesText, "uniques", line);
      if (uniques !== undefined && uniques > visits)
        rejectLine(line, `must have at most as many uniques as visits, received ${uniques} of ${visits}: correct it.`);
      rejectFuture(day, today, line);
      if (day === today) return;
      entryOf(days, { day, line, empty: { day, visits, ...(uniques !== undefined && { uniques }) } });
    },
    days: () => requireSome([...days.values()], "must have a line of a day before today, received none."),
  };
}

/** 2026-02-31 is none. */
function isDate(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}

/** From 1900 on: the day of the site would have three digits in its year 999. */
const TIME = /^(?:19|2\d)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** SQLite writes digits, PostgreSQL words. */
const TRUTHS: Readonly<Record<string, boolean>> = { "0": false, "1": true, false: false, true: true };

function createGoatCounterReader({ today, dayOf, path }: ImportContext): DaysReader {
  if (path === undefined)
    throwValidationError([
      {
        path: "query.path",
        message: "must be the path to import from a GoatCounter export, received nothing: send for example /resume.",
      },
    ]);
  const days = new Map<string, { day: string; visits: number; uniques: number }>();
  function truthIn(text: string | undefined, name: string, line: number): boolean {
    const truth = Object.hasOwn(TRUTHS, text ?? "") ? TRUTHS[text ?? ""] : undefined;
    return truth ?? rejectLine(line, `must have ${name} as 0, 1, false or true, received ${quote(text)}.`);
  }
  return {
    format: "goatcounter",
    add(fields, line) {
      requireFields(fields, GOATCOUNTER_COLUMNS, line);
      const [name, , event, , , , , bot, , , , , first, date = ""] = fields;
      const isEvent = truthIn(event, "Event", line);
      const isFirst = truthIn(first, "FirstVisit", line);
      if (!/^\d{1,4}$/.test(bot ?? "")) rejectLine(line, `must have Bot as a number, received ${quote(bot)}.`);
      const time = TIME.test(date) ? Date.parse(date) : Number.NaN;
      if (Number.isNaN(time)) rejectLine(line, `must have Date as in RFC 3339, received ${quote(date)}.`);
      if (name !== path || isEvent || bot !== "0") return;
      const day = dayOf(time);
      rejectFuture(day, today, line);
      if (day === today) return;
      const numbers = entryOf(days, { day, line, empty: { day, visits: 0, uniques: 0 } });
      numbers.visits += 1;
      if (isFirst) numbers.uniques += 1;
    },
    days: () =>
      requireSome([...days.values()], `must have a view of the path ${quote(path)} before today, received none.`),
  };
}

/**
 * The reader for a body with this first line.
 * @throws {AppError} VALIDATION_FAILED
 */
export function readerOf(header: readonly string[], context: ImportContext): DaysReader {
  const text = header.join(",");
  if (text === GOATCOUNTER) return createGoatCounterReader(context);
  if (text !== DAY_COLUMNS.join(","))
    rejectLine(
      1,
      `must be ${DAY_COLUMNS.join(",")}, or the first line of GoatCounter's export version 2, received ${quote(text)}: add it.`,
    );
  if (context.path !== undefined)
    throwValidationError([
      { path: "query.path", message: "must be left out for days of one page, received one: leave it out." },
    ]);
  return createDaysReader(context);
}
