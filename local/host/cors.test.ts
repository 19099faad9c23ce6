// The platform's CORS policy and the media account's CORS rule.
import { describe, expect, it } from "vitest";
import { corsPolicy, mediaCors } from "./cors.ts";

const origin = "https://me.example";

describe("the platform's CORS policy", () => {
  const requested = {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
  };
  function preflight(allowed: string[], headers: Record<string, string>, method = "OPTIONS") {
    return corsPolicy(allowed).preflight({ method, header: (name) => headers[name] });
  }

  it("grants a preflight from an allowed origin exactly the requested method and headers", () => {
    expect(preflight(["https://me.example/"], requested)).toEqual([
      ["Access-Control-Allow-Origin", origin],
      ["Access-Control-Allow-Methods", "POST"],
      ["Access-Control-Allow-Headers", "authorization,content-type"],
    ]);
  });

  it("grants nothing to a preflight from another origin", () => {
    expect(preflight(["https://you.example"], requested)).toEqual([]);
    expect(preflight(["https://you.example"], { ...requested, origin: "null" })).toEqual([]);
  });

  it("passes an OPTIONS request that is no preflight to the functions", () => {
    expect(preflight(["*"], { origin })).toBeUndefined();
    expect(preflight(["*"], requested, "POST")).toBeUndefined();
    expect(preflight([], requested)).toBeUndefined();
  });

  it("names the origin in a response, and varies by it where several are allowed", () => {
    expect(corsPolicy(["https://ME.example"]).headers(origin)).toEqual([["Access-Control-Allow-Origin", origin]]);
    expect(corsPolicy([origin, "http://localhost:1"]).headers("http://localhost:1")).toEqual([
      ["Access-Control-Allow-Origin", "http://localhost:1"],
      ["Vary", "Origin"],
    ]);
    expect(corsPolicy(["*"]).headers("https://other.example")).toEqual([["Access-Control-Allow-Origin", "*"]]);
    expect(corsPolicy(["*"]).headers(undefined)).toEqual([]);
  });
});

describe("the media account's CORS rule", () => {
  const rule = mediaCors(["https://me.example/"]);

  it("grants a preflight of an upload from an allowed origin what it requests", () => {
    const headers = "x-ms-blob-type, Content-Type, X-Ms-Meta-Title";
    expect(rule.preflight({ origin, method: "PUT", headers })).toEqual({
      status: 200,
      headers: [
        ["Access-Control-Allow-Origin", origin],
        ["Access-Control-Allow-Methods", "PUT"],
        ["Access-Control-Allow-Headers", headers],
        ["Access-Control-Max-Age", "3600"],
        ["Access-Control-Allow-Credentials", "true"],
      ],
    });
  });

  it.each([
    ["another origin", { origin: "https://you.example", method: "GET" }, 403],
    ["another method", { origin, method: "DELETE" }, 403],
    ["another header", { origin, method: "GET", headers: "authorization" }, 403],
    ["no origin", { origin: undefined, method: "GET" }, 400],
    ["no method", { origin, method: undefined }, 400],
  ])("rejects a preflight with %s", (_, request, status) => {
    expect(rule.preflight(request)).toEqual({ status, headers: [] });
  });

  it("exposes the ETag and the request id to an allowed origin, and varies by origin", () => {
    expect(Object.fromEntries(rule.headers({ origin, method: "GET" }))).toEqual({
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Expose-Headers": "ETag,x-ms-request-id",
      "Access-Control-Allow-Credentials": "true",
      Vary: "Origin",
    });
    expect(rule.headers({ origin: "https://you.example", method: "GET" })).toEqual([["Vary", "Origin"]]);
  });

  it("responds with a star where any origin is allowed, and without headers where none is", () => {
    expect(mediaCors(["*"]).headers({ origin, method: "GET" })[0]).toEqual(["Access-Control-Allow-Origin", "*"]);
    expect(mediaCors([]).headers({ origin, method: "GET" })).toEqual([]);
    expect(mediaCors([]).preflight({ origin, method: "GET" }).status).toBe(403);
  });
});
