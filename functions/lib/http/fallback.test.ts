// Paths without a route, and methods that a path does not take.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { fallback } from "./fallback.ts";
import { invoke } from "./invoke.fixture.ts";
import { operation } from "./operation.ts";
import { type Method, routesFor } from "./route.ts";
import { type Api, describeApi } from "./route-table.ts";

const deps = { authenticate: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };
const route = routesFor<typeof deps & { api: Api }>();
const nothing = operation({
  tag: "Service",
  summary: "x",
  responses: {},
  errors: [],
  example: {},
  handler: async (_, _deps: object) => ({}),
});
const all: Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const last = route("zz-fallback", all, "/{*path}", "public", "none", fallback);
const things = [
  route("health-live", "GET", "/things", "public", "none", nothing),
  route("health-ready", ["PATCH", "DELETE"], "/things/own", "public", "none", nothing),
  route("image-upload", "POST", "/things", "images:read", "none", nothing),
  last,
];
const documented = describeApi(
  [...things, route("openapi", "GET", "/openapi.json", "public", "none", nothing)],
  "/api",
);

const send = (method: string, path: string, api = documented) =>
  invoke(last, { ...deps, api }, { method, url: `http://localhost${path}`, params: { path: path.slice(5) } });

describe("the fallback", () => {
  it.each(["/api/nothing", "/api/", "/api", "/api/things/1/2", "/api//things", "/api/thing", "/api/things%2Fown"])(
    "returns NOT_FOUND for %s with every method, and names the document",
    async (path) => {
      for (const method of all.filter((each) => each !== "OPTIONS")) {
        const response = await send(method, path);
        expect(response.status).toBe(404);
        expect(response.error()).toMatchObject({
          code: "NOT_FOUND",
          message: expect.stringContaining("/api/openapi.json"),
        });
        expect(response.headers.has("allow")).toBe(false);
      }
    },
  );

  it("names the rule that separates the path from a route", async () => {
    const api = { ...documented, ruleAt: (path: string) => `in ${path} the id must be a GUID` };
    const { message } = (await send("GET", "/api/things/7", api)).error();
    expect(message).toBe("/api/things/7 does not exist: in /things/7 the id must be a GUID.");
  });

  it("names no document where none is published", async () => {
    const response = await send("GET", "/api/nothing", describeApi(things, "/api"));
    expect(response.error().code).toBe("NOT_FOUND");
    expect(response.text).not.toContain("openapi");
  });

  it.each([
    ["PUT", "/api/things", "GET, HEAD, POST"],
    ["DELETE", "/api/things/", "GET, HEAD, POST"],
    ["OPTIONS", "/api/THINGS?x=1", "GET, HEAD, POST"],
    ["GET", "/api/things/own", "PATCH, DELETE"],
  ])("returns METHOD_NOT_ALLOWED for %s %s, and allows %s", async (method, path, allow) => {
    const response = await send(method, path);
    expect(response.status).toBe(405);
    expect(response.error()).toMatchObject({ code: "METHOD_NOT_ALLOWED", message: expect.stringContaining(method) });
    expect(response.headers.get("allow")).toBe(allow);
  });

  it("returns NOT_FOUND for a path with a backslash, which URL reads as a slash", async () => {
    expect((await send("GET", "/api\\things")).error().code).toBe("NOT_FOUND");
  });

  it("returns no body to HEAD", async () => {
    expect(await send("HEAD", "/api/nothing")).toMatchObject({ status: 404, text: "" });
  });

  it("does not send a long path back", async () => {
    expect((await send("GET", `/api/${"x".repeat(5_000)}`)).text.length).toBeLessThan(500);
  });
});
