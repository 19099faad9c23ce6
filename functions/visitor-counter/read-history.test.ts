// The response with a history: JSON or CSV, by the Accept header, the query and the page.
import { expect, it } from "vitest";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { silentMeter } from "../lib/meter.ts";
import type { History } from "./history.ts";
import { readHistory } from "./read-history.ts";

const days = [
  { day: "2026-11-21", visits: 12, uniques: null },
  { day: "2026-11-22", visits: 9, uniques: 7, approximate: true as const },
  { day: "2026-11-23", visits: 0, uniques: 0 },
];
const history: History = { timeZone: "Europe/Berlin", days: async (_page, count) => days.slice(-count), forget() {} };
const deps = { history, meter: silentMeter };
const route = routesFor<typeof deps>()(
  "visitor-history",
  "GET",
  "/v1/visits/{page}/history",
  "public",
  "none",
  readHistory,
);
const call = (query: string, headers: Record<string, string> = {}) =>
  invoke(route, deps, { params: { page: "resume" }, url: `http://localhost/api/x?${query}`, headers });
const csv = async (query: string) => {
  const { headers, text } = await call(query, { accept: "text/csv" });
  expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
  return text;
};

it("returns days, weeks and months as JSON, which caches keep for a minute", async () => {
  const { headers, text } = await call("days=2");
  expect(JSON.parse(text)).toEqual({
    page: "resume",
    timeZone: "Europe/Berlin",
    from: "2026-11-22",
    to: "2026-11-23",
    by: "day",
    items: days.slice(1),
  });
  expect(headers.get("cache-control")).toBe("public, max-age=60");
  expect(headers.get("vary")).toBe("Origin, Accept");
  expect(JSON.parse((await call("by=week")).text).items).toMatchObject([
    { period: "2026-W47", visits: 21, dailyUniques: null, approximate: true },
    { period: "2026-W48", visits: 0, dailyUniques: 0 },
  ]);
  expect(JSON.parse((await call("by=month")).text).items).toMatchObject([{ period: "2026-11", visits: 21 }]);
});

it("returns CSV to a client that prefers it, with empty fields for unknown uniques", async () => {
  expect(await csv("")).toBe("day,visits,uniques\r\n2026-11-21,12,\r\n2026-11-22,9,7\r\n2026-11-23,0,0\r\n");
  expect(await csv("by=week&days=2")).toBe(
    "period,from,to,visits,dailyUniques\r\n2026-W47,2026-11-22,2026-11-22,9,7\r\n2026-W48,2026-11-23,2026-11-23,0,0\r\n",
  );
});

it.each(["days=0", "days=401", "days=1.5", "days=x", "by=year", "from=2026-11-01"])("rejects %s", async (query) => {
  expect(await call(query)).toMatchObject({ status: 400 });
});
