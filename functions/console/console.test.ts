// The files of the console over its route: which paths exist, their headers, and how often the table is read.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { ownersConsole } from "./console.ts";
import { createConsoleFiles } from "./table.ts";

const script = "console.log('é');".repeat(100);
const table = {
  "": { type: "text/html; charset=utf-8", text: "<!doctype html>", etag: '"page"' },
  "main-ABC.js": { type: "text/javascript; charset=utf-8", text: script },
};

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-console-"));
  path = join(folder, "console.json");
  await writeFile(path, JSON.stringify(table));
});
afterAll(() => rm(folder, { recursive: true }));

type Deps = { console: { files: ReturnType<typeof createConsoleFiles>; imageOrigins: string[] } };
const route = routesFor<Deps>()("console", "GET", "/console/{*path}", "public", "none", ownersConsole);
const open = (file = path) => {
  const deps = { console: { files: createConsoleFiles(file), imageOrigins: ["https://media.example"] } };
  return (name: string, headers: Record<string, string> = {}, method = "GET") =>
    invoke(route, deps as never, { url: `http://localhost/api/console${name}`, headers, method });
};

it("serves the page with an ETag and without storing it, under a policy that names the storage origins", async () => {
  const get = open();
  const { headers, status, text } = await get("/", { "accept-encoding": "gzip" });
  expect([status, text]).toEqual([200, "<!doctype html>"]);
  expect(Object.fromEntries(headers)).toMatchObject({
    "cache-control": "no-cache",
    "content-type": "text/html; charset=utf-8",
    etag: '"page"',
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    vary: "Origin, Accept-Encoding",
  });
  const policy = headers.get("content-security-policy")?.split("; ") ?? [];
  expect(policy).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self' blob: data: https://media.example",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ]),
  );
  expect(headers.get("content-security-policy")).not.toContain("unsafe");
});

it.each(['"page"', 'W/"page"', '"other", W/"page"', "*"])(
  "responds 304 without a body to If-None-Match: %s",
  async (tag) => {
    const { headers, status, text } = await open()("/", { "if-none-match": tag });
    expect([status, text, headers.get("etag")]).toEqual([304, "", '"page"']);
    expect((await open()("/", { "if-none-match": '"old"' })).status).toBe(200);
  },
);

it("serves a file with a hashed name for a year, compressed for clients that take gzip", async () => {
  const get = open();
  const plain = await get("/main-ABC.js");
  expect([plain.status, plain.text]).toEqual([200, script]);
  expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(plain.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  for (const accepted of ["gzip", "br, GZIP;q=0.5"]) {
    const zipped = await get("/main-ABC.js", { "accept-encoding": accepted });
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(zipped.bytes).toString()).toBe(script);
  }
  for (const rejected of ["br", "gzip;q=0", "gzip;q=0.00, br", "xgzip"])
    expect((await get("/main-ABC.js", { "accept-encoding": rejected })).headers.has("content-encoding")).toBe(false);
  expect((await get("/main-ABC.js", {}, "HEAD")).text).toBe("");
});

it.each([
  "/nothing.js",
  "/../table.ts",
  "/%2e%2e/console.json",
  "/main-ABC.js/",
  "/main-abc.js",
  "/__proto__",
  "/constructor",
  "/%00",
  "//",
])("responds NOT_FOUND to %s: only keys of the table are paths", async (name) => {
  const response = await open()(name);
  expect(response.status).toBe(404);
  expect(response.error().code).toBe("NOT_FOUND");
});

it("redirects the path without a slash to the page", async () => {
  const { headers, status } = await open()("?x=1");
  expect([status, headers.get("location")]).toEqual([308, "/api/console/"]);
});

it("reads the table once, and again after a failure", async () => {
  const later = join(folder, "later.json");
  const get = open(later);
  const missing = await get("/");
  expect([missing.status, missing.error().message]).toEqual([404, expect.stringContaining("not built")]);
  await writeFile(later, JSON.stringify(table));
  expect((await get("/")).status).toBe(200);
  await writeFile(later, "{");
  expect((await get("/main-ABC.js")).status).toBe(200);
});
