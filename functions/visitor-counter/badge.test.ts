// Badges as they leave the boundary: what they say, their headers, and which parameters they take.
import { expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { silentMeter } from "../lib/meter.ts";
import { badge, type ReadBadgeNumbers } from "./badge.ts";
import { badgeJson } from "./badge-json.ts";
import type { HistoryDay } from "./history-periods.ts";

let calls = 0;
const badgeNumbers: ReadBadgeNumbers = async (page) => {
  calls += 1;
  if (page === "resume") return { count: 1_234_567, uniqueToday: 7 };
  if (page === "no-uniques") return { count: 5 };
  throw new AppError(page === "down" ? "DEPENDENCY_UNAVAILABLE" : "NOT_FOUND", page);
};
const day = (visits: number): HistoryDay => ({ day: "2026-11-21", visits, uniques: 1 });
const history = { days: async (_page: string, count: number) => Array.from({ length: count }, (_, n) => day(n)) };
const deps = { badgeNumbers, history, meter: silentMeter };
const route = routesFor<typeof deps>();
const svgRoute = route("visitor-badge", "GET", "/v1/visits/{page}/badge.svg", "public", "none", badge);
const jsonRoute = route("visitor-badge-json", "GET", "/v1/visits/{page}/badge.json", "public", "none", badgeJson);
const call = (query = "", { page = "resume", headers = {}, of = svgRoute } = {}) =>
  invoke(of, deps, { params: { page }, url: `http://localhost/api/x?${query}`, headers });
/** What a screen reader says. */
const said = ({ text }: { text: string }) => /<title>(.*?)<\/title>/.exec(text)?.[1];
const json = async (query: string, page = "resume") => JSON.parse((await call(query, { page, of: jsonRoute })).text);

it("is an SVG with the exact number, which may neither run nor load anything, and which caches ask for each time", async () => {
  const response = await call();
  expect(said(response)).toBe("visits: 1,234,567");
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "image/svg+xml; charset=utf-8",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  });
  expect(response.text).not.toMatch(/<script|href|url\((?!#)/);
});

it("returns 304 without a body for its ETag, and another ETag for another image", async () => {
  const etag = (await call()).headers.get("etag") ?? "";
  const again = await call("", { headers: { "if-none-match": etag } });
  expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
  expect((await call("unique", { headers: { "if-none-match": etag } })).status).toBe(200);
});

it.each([
  ["unique", "visitors today: 7"],
  ["unique=true&label=people", "people: 7"],
  ["unique=false", "visits: 1,234,567"],
  ["label=", "1,234,567"],
  ["label=%20", "1,234,567"],
  ["label=&style=social", "Visits: 1,234,567"],
  ["label=a%26%3Cb%3E%22'", "a&amp;&lt;b&gt;&quot;&apos;: 1,234,567"],
  ["sparkline", "visits: 1,234,567. The last 30 days: 0 to 29 a day"],
  ["sparkline&unique", "visitors today: 7. The last 30 days: 1 to 1 a day"],
])("%s says %s", async (query, expected) => {
  expect(said(await call(query))).toBe(expected);
});

it.each([
  ["nothing", "", "visits: page not found"],
  ["verify", "", "visits: page not found"],
  ["down", "sparkline", "visits: unavailable"],
  ["no-uniques", "unique", "visitors today: not counted"],
])("of the page %s?%s says %s, with status 200", async (page, query, expected) => {
  const response = await call(query, { page });
  expect([response.status, said(response)]).toEqual([200, expected]);
});

it("reads nothing for the reserved page", async () => {
  const before = calls;
  await call("", { page: "verify" });
  expect(calls).toBe(before);
});

it("has the colours of shields.io and any hex digits", async () => {
  expect((await call("color=green&labelColor=abc")).text).toMatch(/fill="#abc".*fill="#67ac09"/);
  expect((await call("color=FF8800")).text).toContain('fill="#ff8800"');
});

it.each([
  `label=${"x".repeat(65)}`,
  "label=%E2%80%AE",
  "label=a%0Ab",
  "label=%EF%BF%BE",
  "color=reddish",
  "color=%23fff",
  "color=abcd",
  "labelColor=url(x)",
  "color=constructor",
  "style=round",
  "unique=1",
  "logo=x",
])("rejects %s", async (query) => {
  expect((await call(query)).status).toBe(400);
  expect((await call(query, { of: jsonRoute })).status).toBe(400);
});

it("takes 64 characters, however many UTF-16 units they have", async () => {
  expect((await call(`label=${encodeURIComponent("😀".repeat(64))}`)).status).toBe(200);
});

it("is what shields.io reads, as JSON", async () => {
  expect(await json("color=f80&style=plastic")).toEqual({
    schemaVersion: 1,
    label: "visits",
    message: "1,234,567",
    color: "f80",
    style: "plastic",
    cacheSeconds: 300,
  });
  expect(await json("", "nothing")).toMatchObject({ message: "page not found", color: "red", isError: true });
  expect(await json("", "down")).toMatchObject({ message: "unavailable", color: "lightgrey", isError: true });
});
