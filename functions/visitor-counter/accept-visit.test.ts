// The two routes that count, on a counter in memory: which requests count as a visit, and what they return.
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { countVisit } from "./count-visit.ts";
import { dropIn } from "./drop-in.ts";
import { createVisitRules } from "./visit-rules.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

/** Page and visitor of each visit. */
let counted: [page: string, visitor: string | undefined][];
let isBraked: boolean;
/** A counter in memory. */
const visits: VisitorCounter = {
  async count(page, visitor) {
    counted.push([page, visitor && Buffer.from(visitor).toString("hex")]);
    return { count: 100 + counted.length, today: counted.length, ...(isBraked && { degraded: true }) };
  },
  read: () => expect.fail("read the row"),
  recent: async () => ({ count: 100 + counted.length, today: counted.length, uniqueToday: 3 }),
  days: () => expect.fail("read days"),
  seed: () => expect.fail("seeded"),
  close: () => expect.fail("closed"),
};
const visitRules = createVisitRules({ countBots: false, uniques: true });
const deps = { visits, visitRules, authenticate: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };
const route = routesFor<typeof deps>();
const routes = {
  dropIn: route("visitor-counter-drop-in", ["GET", "POST"], "/visitor_counter", "public", "none", dropIn),
  count: route("visitor-counter", "POST", "/v1/visits/{page}", "public", "none", countVisit),
};
const BROWSER = {
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "X-Forwarded-For": "203.0.113.7",
};
const call = (method: string, headers: Record<string, string> = {}) =>
  invoke(routes.dropIn, deps, { method, headers: { ...BROWSER, ...headers } });
const countPage = (headers: Record<string, string> = {}) =>
  invoke(routes.count, deps, { method: "POST", headers: { ...BROWSER, ...headers }, params: { page: "projects" } });

beforeEach(() => {
  counted = [];
  isBraked = false;
});

describe("/visitor_counter", () => {
  it.each(["GET", "POST"])("counts a %s as one visit of the résumé and returns only its number", async (method) => {
    expect(await call(method)).toMatchObject({ status: 200, text: '{"visitor_counter":101}' });
    expect(await call(method)).toMatchObject({ status: 200, text: '{"visitor_counter":102}' });
    expect(counted.map(([page]) => page)).toEqual(["resume", "resume"]);
    expect(counted[0]?.[1]).toMatch(/^[0-9a-f]{64}$/);
    expect(counted[1]).toEqual(counted[0]);
  });

  it("marks a response as degraded when the number is not the visit's own", async () => {
    isBraked = true;
    expect(await call("GET")).toMatchObject({ status: 200, text: '{"visitor_counter":101,"degraded":true}' });
  });

  it("forbids caching", async () => {
    expect((await call("GET")).headers.get("cache-control")).toBe("no-store");
  });

  it("does not count HEAD", async () => {
    expect(await call("HEAD")).toMatchObject({ status: 200, text: "" });
    expect(counted).toEqual([]);
  });

  it.each(["GET", "POST"])("does not count a %s of a bot or of a prefetch", async (method) => {
    for (const headers of [{ "User-Agent": "curl/8.5.0" }, { "Sec-Purpose": "prefetch" }])
      expect(await call(method, headers)).toMatchObject({ status: 200, text: '{"visitor_counter":100}' });
    expect(counted).toEqual([]);
  });
});

describe("POST /v1/visits/{page}", () => {
  const bodyOf = async (headers?: Record<string, string>) => JSON.parse((await countPage(headers)).text);

  it("counts a visit with its visitor and says so", async () => {
    expect(await bodyOf()).toEqual({ page: "projects", count: 101, today: 1, counted: true });
    expect(counted).toEqual([["projects", expect.stringMatching(/^[0-9a-f]{64}$/)]]);
  });

  it("counts a visitor who objects to be recognized, without a hash", async () => {
    expect(await bodyOf({ DNT: "1" })).toMatchObject({ counted: true });
    expect(counted).toEqual([["projects", undefined]]);
  });

  it.each([
    ["bot", { "User-Agent": "curl/8.5.0" }],
    ["bot", { "User-Agent": "" }],
    ["prefetch", { "Sec-Purpose": "prefetch;prerender" }],
  ])("returns the current numbers and the reason %s for %o", async (reason, headers) => {
    expect(await bodyOf(headers)).toEqual({
      page: "projects",
      count: 100,
      today: 0,
      uniqueToday: 3,
      counted: false,
      reason,
    });
    expect(counted).toEqual([]);
  });
});
