// What an import takes, and the line of what it rejects.
import fc from "fast-check";
import { expect, it } from "vitest";
import { daysAsCsv } from "./history-csv.ts";
import { addDays, type HistoryDay } from "./history-periods.ts";
import { type ImportContext, readerOf } from "./import-days.ts";

const TODAY = "2026-11-21";
const context: ImportContext = {
  today: TODAY,
  // A site 90 minutes east of Greenwich.
  dayOf: (time) => new Date(time + 90 * 60_000).toISOString().slice(0, 10),
  path: undefined,
};
const GOATCOUNTER =
  "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,Screen size,Location,FirstVisit,Date";

/** No field of these tests needs quotes. */
function read(text: string, changes: Partial<ImportContext> = {}) {
  const [header = [], ...lines] = text.split("\n").map((line) => line.split(","));
  const reader = readerOf(header, { ...context, ...changes });
  for (const [index, line] of lines.entries()) reader.add(line, index + 2);
  return reader.days();
}
const days = (...lines: readonly string[]) => read(["day,visits,uniques", ...lines].join("\n"));
type View = { path?: string; event?: string; bot?: string; first?: string; date?: string };
const view = ({ path = "/cv", event = "0", bot = "0", first = "1", date = "2026-11-19T10:00:00Z" }: View = {}) =>
  `${path},CV,${event},,Firefox 130,Linux,287fb97cbed4e4f-8e4f5c975b8fee06,${bot},,,0;0;1,DE,${first},${date}`;
const views = (...list: readonly string[]) => read([GOATCOUNTER, ...list].join("\n"), { path: "/cv" });

it("reads days in any order, unknown uniques as such, and leaves the current day out", () => {
  expect(days("2026-11-20,9,7", `${TODAY},3,3`, "2024-02-29,12,", "2026-11-19,0,0")).toEqual([
    { day: "2024-02-29", visits: 12 },
    { day: "2026-11-19", visits: 0, uniques: 0 },
    { day: "2026-11-20", visits: 9, uniques: 7 },
  ]);
});

it.each([
  ["2026-11-20,9", "3 fields, received 2"],
  ["2026-11-20,9,7,1", "3 fields, received 4"],
  ["20.11.2026,9,7", 'received "20.11.2026"'],
  ["2026-02-29,9,7", 'received "2026-02-29"'],
  ["2026-11-20T00:00,9,7", "YYYY-MM-DD"],
  ["2026-11-20,-9,7", 'visits as 1 to 10 digits, received "-9"'],
  ["2026-11-20,,7", "visits as 1 to 10 digits"],
  ["2026-11-20,1e3,7", "visits as 1 to 10 digits"],
  ["2026-11-20,99999999999,7", "visits as 1 to 10 digits"],
  ["2026-11-20,9,x", "uniques as 1 to 10 digits"],
  ["2026-11-20,6,7", "received 7 of 6"],
  ["2026-11-22,1,1", "before today (2026-11-21), received 2026-11-22"],
  ["2026-11-18,1,1", "received 2026-11-18 again"],
])("rejects the line %s", (line, message) => {
  expect(() => days("2026-11-18,1,1", line)).toThrow(new RegExp(`^body\\.line\\.3 .*${RegExp.escape(message)}`));
});

it("takes numbers whose sum over all days that it takes is one that JSON carries", () => {
  const [{ visits = 0 } = {}] = days("2026-11-20,9999999999,7");
  expect(visits).toBe(9_999_999_999);
  expect(visits * 366 * 2_000).toBeLessThan(Number.MAX_SAFE_INTEGER);
});

it("sums the views of a path by day of the site, and leaves out events, bots, other paths and the current day", () => {
  const lines = [
    view(),
    view({ first: "0" }),
    view({ event: "false", first: "true", date: "2026-11-19T23:00:00.123Z" }),
    view({ date: "2026-11-20T01:00:00+02:00" }),
    view({ event: "1" }),
    view({ bot: "3" }),
    view({ path: "/other" }),
    view({ date: "2026-11-20T22:30:00Z" }),
  ];
  expect(views(...lines)).toEqual([
    { day: "2026-11-19", visits: 2, uniques: 1 },
    { day: "2026-11-20", visits: 2, uniques: 2 },
  ]);
});

it.each([
  [view({ date: "2026-11-19 10:00:00" }), "Date as in RFC 3339"],
  [view({ date: "2026-13-19T10:00:00Z" }), "Date as in RFC 3339"],
  [view({ date: "1000-01-01T00:00:00+14:00" }), "Date as in RFC 3339"],
  [view({ event: "no", path: "/other" }), "Event as 0, 1, false or true"],
  [view({ first: "constructor" }), "FirstVisit as 0, 1"],
  [view({ bot: "" }), "Bot as a number"],
  [view({ date: "2026-11-22T10:00:00Z" }), "before today"],
  ["/cv,CV", "14 fields, received 2"],
])("rejects the view %s", (line, message) => {
  expect(() => views(view(), line)).toThrow(new RegExp(`^body\\.line\\.3 .*${RegExp.escape(message)}`));
});

it("takes 400 days, and rejects the line of a further one", () => {
  const lines = Array.from({ length: 401 }, (_, index) => `${addDays(TODAY, -1 - index)},1,1`);
  expect(days(...lines.slice(0, 400))).toHaveLength(400);
  expect(() => days(...lines)).toThrow(/^body\.line\.402 must be of one of 400 days/);
  const manyViews = lines.map((line) => view({ date: `${line.slice(0, 10)}T10:00:00Z` }));
  expect(() => views(...manyViews)).toThrow(/^body\.line\.402 must be of one of 400 days/);
});

it.each([
  ["day,visits", undefined, /^body\.line\.1 must be day,visits,uniques/],
  [GOATCOUNTER.replace("2Path", "1Path"), "/cv", /^body\.line\.1 must be .* version 2, received "1Path/],
  [`${GOATCOUNTER},More`, "/cv", /^body\.line\.1 must be/],
  [GOATCOUNTER, undefined, /^query\.path must be the path/],
  [GOATCOUNTER, "/nothing", /^body must have a view of the path "\/nothing"/],
  ["day,visits,uniques", "/cv", /^query\.path must be left out/],
  [`day,visits,uniques\n${TODAY},1,1`, undefined, /^body must have a line of a day before today/],
])("rejects a body that begins %s for the path %s", (text, path, message) => {
  expect(() => read(text, { path })).toThrow(message);
});

it("reads whatever the history exports", () => {
  const numbers = fc
    .tuple(fc.nat(1e9), fc.option(fc.nat(1e9)))
    .map(([visits, uniques]) => ({ visits, uniques: uniques === null ? null : Math.min(uniques, visits) }));
  fc.assert(
    fc.property(fc.array(numbers, { minLength: 2, maxLength: 400 }), (list) => {
      const exported = list.map(
        (each, index): HistoryDay => ({ day: addDays(TODAY, index + 1 - list.length), ...each }),
      );
      const [...lines] = daysAsCsv(exported).trimEnd().split("\r\n");
      expect(read(lines.join("\n")).map((each) => ({ uniques: null, ...each }))).toEqual(exported.slice(0, -1));
    }),
    { numRuns: 30 },
  );
});
