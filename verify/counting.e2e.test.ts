// Counting, reading and every way to be refused, over HTTP against the built bundle.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type DropIn, type Failure, json, type Numbers } from "./answers.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.close());

const call = (path: string, init?: RequestInit) => fetch(`${backend.api}${path}`, init);
const post = (path: string) => call(path, { method: "POST" });
const read = (page: string) => json<Numbers>(call(`/v1/visits/${page}`));

describe("POST /v1/visits/{page}", () => {
  it("counts each visit and answers its number", async () => {
    const before = await read("projects");
    const answer = await post("/v1/visits/projects");
    expect(answer.status).toBe(200);
    expect(await json<Numbers>(answer)).toEqual({ page: "projects", count: before.count + 1, today: before.today + 1 });
    expect((await json<Numbers>(post("/v1/visits/projects"))).count).toBe(before.count + 2);
  });

  it("counts each page by itself", async () => {
    const before = await read("resume");
    await post("/v1/visits/projects");
    expect(await read("resume")).toEqual(before);
  });

  it("loses none of many visits at once and gives each its own number", async () => {
    const before = await read("projects");
    const answers = await Promise.all(Array.from({ length: 400 }, () => post("/v1/visits/projects")));
    const counts = await Promise.all(answers.map(async (answer) => (await json<Numbers>(answer)).count));
    expect(counts.sort((a, b) => a - b)).toEqual(counts.map((_, index) => before.count + index + 1));
    expect((await read("projects")).count).toBe(before.count + 400);
  });

  it("ignores a body and a query", async () => {
    const answer = await call("/v1/visits/projects?utm_source=mail", { method: "POST", body: "<hello>" });
    expect(answer.status).toBe(200);
  });
});

describe("GET /visitor_counter", () => {
  it("counts the page resume on GET and POST and answers as existing pages expect", async () => {
    const { count } = await read("resume");
    expect(await json<DropIn>(call("/visitor_counter"))).toEqual({ visitor_counter: count + 1 });
    expect(await json<DropIn>(post("/visitor_counter"))).toEqual({ visitor_counter: count + 2 });
  });

  it("counts nothing on HEAD and on a prefetch", async () => {
    const before = await read("resume");
    expect(await (await call("/visitor_counter", { method: "HEAD" })).text()).toBe("");
    const prefetch = await call("/visitor_counter", { headers: { "Sec-Purpose": "prefetch;prerender" } });
    expect(await prefetch.json()).toEqual({ visitor_counter: before.count });
    expect(await read("resume")).toEqual(before);
  });
});

describe("what is refused", () => {
  it.each([
    ["an unknown page", "POST", "/v1/visits/nobody", 404, "NOT_FOUND"],
    ["an unknown page read", "GET", "/v1/visits/nobody", 404, "NOT_FOUND"],
    ["a page with capitals", "POST", "/v1/visits/Resume", 400, "VALIDATION_FAILED"],
    ["a page with a slash in it", "POST", "/v1/visits/a%2Fb", 400, "VALIDATION_FAILED"],
    ["a page with a quote", "POST", "/v1/visits/o'neill", 400, "VALIDATION_FAILED"],
    ["a page of 65 characters", "GET", `/v1/visits/${"a".repeat(65)}`, 400, "VALIDATION_FAILED"],
    ["a page that is a row of the table", "GET", "/v1/visits/resume%20or%20true", 400, "VALIDATION_FAILED"],
    ["an unknown path", "GET", "/v2/visits/resume", 404, "NOT_FOUND"],
    ["a method the path does not take", "DELETE", "/v1/visits/resume", 405, "METHOD_NOT_ALLOWED"],
    ["another one", "PUT", "/visitor_counter", 405, "METHOD_NOT_ALLOWED"],
  ])("%s: %s %s is %i %s", async (_, method, path, status, code) => {
    const answer = await call(path, { method });
    expect(answer.status).toBe(status);
    const { error } = await json<Failure>(answer);
    expect(error).toMatchObject({ code, trace_id: answer.headers.get("x-trace-id") });
    expect(error.message).not.toMatch(/\n|node_modules|\.ts:/);
  });

  it("creates nothing for an unknown page", async () => {
    await post("/v1/visits/nobody");
    expect((await call("/v1/visits/nobody")).status).toBe(404);
  });

  it("says which methods a path takes", async () => {
    const answer = await call("/v1/visits/resume", { method: "PATCH" });
    expect(answer.headers.get("allow")?.split(", ").sort()).toEqual(["GET", "HEAD", "POST"]);
  });
});

describe("every answer", () => {
  it.each([
    ["POST", "/v1/visits/projects"],
    ["GET", "/v1/visits/projects"],
    ["GET", "/v1/visits/nobody"],
    ["GET", "/nothing"],
  ])("of %s %s is never cached, safe in a browser and traceable", async (method, path) => {
    const { headers } = await call(path, { method });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("access-control-expose-headers")).toContain("X-Trace-ID");
    expect(headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  it("carries the caller's trace id, and so does its log line", async () => {
    const id = "0123456789abcdef0123456789abcdef";
    const answer = await call("/v1/visits/projects", { headers: { "X-Trace-ID": id } });
    expect(answer.headers.get("x-trace-id")).toBe(id);
    await expect.poll(() => backend.lines.filter((line) => line.includes(id))).toHaveLength(1);
  });

  it("to HEAD has the headers of GET and no body", async () => {
    const answer = await call("/v1/visits/projects", { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("");
  });
});

describe("the API's own pages", () => {
  it("describe every route", async () => {
    const document = await json<{ openapi: string; paths: object }>(call("/openapi.json"));
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(["/v1/visits/{page}", "/visitor_counter", "/health/live", "/health/ready"]),
    );
  });
});
