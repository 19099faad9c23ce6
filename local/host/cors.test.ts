// The platform's CORS policy: who is granted what.
import { expect, test } from "vitest";
import { corsPolicy } from "./cors.ts";

function preflight(allowed: string[], headers: Record<string, string>, method = "OPTIONS") {
  return corsPolicy(allowed).preflight({ method, header: (name) => headers[name] });
}

const asked = {
  origin: "https://me.example",
  "access-control-request-method": "POST",
  "access-control-request-headers": "authorization,content-type",
};

test("a preflight from an allowed origin is granted the method and headers it asks for, and no more", () => {
  expect(preflight(["https://me.example/"], asked)).toEqual([
    ["Access-Control-Allow-Origin", "https://me.example"],
    ["Access-Control-Allow-Methods", "POST"],
    ["Access-Control-Allow-Headers", "authorization,content-type"],
  ]);
});

test("a preflight from another origin is answered without a grant", () => {
  expect(preflight(["https://you.example"], asked)).toEqual([]);
  expect(preflight(["https://you.example"], { ...asked, origin: "null" })).toEqual([]);
});

test("an OPTIONS request that is no preflight goes to the functions", () => {
  expect(preflight(["*"], { origin: "https://me.example" })).toBeUndefined();
  expect(preflight(["*"], asked, "POST")).toBeUndefined();
  expect(preflight([], asked)).toBeUndefined();
});

test("an answer names the origin, varies by it where several are allowed, and exposes nothing", () => {
  expect(corsPolicy(["https://ME.example"]).headers("https://me.example")).toEqual([
    ["Access-Control-Allow-Origin", "https://me.example"],
  ]);
  expect(corsPolicy(["https://me.example", "http://localhost:1"]).headers("http://localhost:1")).toEqual([
    ["Access-Control-Allow-Origin", "http://localhost:1"],
    ["Vary", "Origin"],
  ]);
  expect(corsPolicy(["*"]).headers("https://anyone.example")).toEqual([["Access-Control-Allow-Origin", "*"]]);
  expect(corsPolicy(["*"]).headers(undefined)).toEqual([]);
});
