// The route that existing pages call: which requests count as a visit.
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/operation.ts";
import { dropIn } from "./drop-in.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

let counted: string[];
let isBraked: boolean;
/** A counter in memory. */
const visits: VisitorCounter = {
  async count(page) {
    counted.push(page);
    return { count: 100 + counted.length, today: counted.length, ...(isBraked && { degraded: true }) };
  },
  read: async () => ({ count: 100 + counted.length, today: counted.length }),
  days: () => expect.fail("read days"),
  seed: () => expect.fail("seeded"),
  close: () => expect.fail("closed"),
};
const deps = { visits, authenticate: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };
const route = routesFor<typeof deps>()(
  "visitor-counter-drop-in",
  ["GET", "POST"],
  "/visitor_counter",
  "public",
  "none",
  dropIn,
);
const call = (method: string, headers: Record<string, string> = {}) => invoke(route, deps, { method, headers });

beforeEach(() => {
  counted = [];
  isBraked = false;
});

describe("/visitor_counter", () => {
  it.each(["GET", "POST"])("counts a %s as one visit of the résumé and returns only its number", async (method) => {
    expect(await call(method)).toMatchObject({ status: 200, text: '{"visitor_counter":101}' });
    expect(await call(method)).toMatchObject({ status: 200, text: '{"visitor_counter":102}' });
    expect(counted).toEqual(["resume", "resume"]);
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

  it.each([
    ["Sec-Purpose", "prefetch"],
    ["Sec-Purpose", "prefetch;prerender"],
    ["Sec-Purpose", "prefetch;anonymous-client-ip"],
    ["Purpose", "prefetch"],
    ["X-Purpose", "preview"],
    ["X-Moz", "prefetch"],
    ["X-moz", "Prefetch"],
  ])("does not count a prefetch with %s: %s", async (name, value) => {
    for (const method of ["GET", "POST"])
      expect(await call(method, { [name]: value })).toMatchObject({ status: 200, text: '{"visitor_counter":100}' });
    expect(counted).toEqual([]);
  });

  it.each([
    ["Sec-Purpose", "navigate"],
    ["Sec-Fetch-Mode", "cors"],
    ["User-Agent", "prefetch"],
  ])("counts a visit with another header, %s: %s", async (name, value) => {
    await call("GET", { [name]: value });
    expect(counted).toEqual(["resume"]);
  });
});
