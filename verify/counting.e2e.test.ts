// Counting, reading and rejected requests, over HTTP against the package.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type DropIn, type ErrorBody, json, type PageCount } from "./responses.fixture.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.close());

const call = (path: string, init?: RequestInit) => fetch(`${backend.api}${path}`, init);
const post = (path: string) => call(path, { method: "POST" });
const read = (page: string) => json<PageCount>(call(`/v1/visits/${page}`));

describe("POST /v1/visits/{page}", () => {
  it("counts each visit and returns its number", async () => {
    const before = await read("projects");
    const response = await post("/v1/visits/projects");
    expect(response.status).toBe(200);
    expect(await json<PageCount>(response)).toEqual({
      page: "projects",
      count: before.count + 1,
      today: before.today + 1,
      uniqueToday: 1,
      counted: true,
    });
    expect((await json<PageCount>(post("/v1/visits/projects"))).count).toBe(before.count + 2);
  });

  it("counts each page separately", async () => {
    const before = await read("resume");
    await post("/v1/visits/projects");
    expect(await read("resume")).toEqual(before);
  });

  it("gives each of 400 concurrent visits its own number", async () => {
    const before = await read("projects");
    const responses = await Promise.all(Array.from({ length: 400 }, () => post("/v1/visits/projects")));
    const counts = await Promise.all(responses.map(async (response) => (await json<PageCount>(response)).count));
    expect(counts.sort((a, b) => a - b)).toEqual(counts.map((_, index) => before.count + index + 1));
    expect((await read("projects")).count).toBe(before.count + 400);
  });

  it("ignores the body and the query of a request", async () => {
    const response = await call("/v1/visits/projects?utm_source=mail", { method: "POST", body: "<hello>" });
    expect(response.status).toBe(200);
  });
});

describe("a deployment's rule for programs", () => {
  const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

  it("counts a browser once as a visitor, and no program, except on the page verify", async () => {
    const { url } = await backend.addHost({ COUNT_BOTS: "" });
    const visit = (page: string, headers: Record<string, string>) =>
      json<PageCount>(fetch(`${url}/api/v1/visits/${page}`, { method: "POST", headers }));
    const program = await visit("resume", { "User-Agent": "curl/8.5.0" });
    expect(program).toMatchObject({ page: "resume", counted: false, reason: "bot" });
    const first = await visit("resume", { "User-Agent": BROWSER });
    expect(first).toMatchObject({ counted: true, count: program.count + 1 });
    expect(await visit("resume", { "User-Agent": BROWSER })).toEqual({
      ...first,
      count: first.count + 1,
      today: first.today + 1,
    });
    expect(await visit("verify", { "User-Agent": "curl/8.5.0" })).toMatchObject({ counted: true });
    const dropIn = await json<DropIn>(fetch(`${url}/api/visitor_counter`, { headers: { "User-Agent": "curl/8.5.0" } }));
    expect(dropIn).toEqual({ visitor_counter: first.count + 1 });
  });
});

describe("GET /visitor_counter", () => {
  it("counts the page resume on GET and POST in the shape that existing pages read", async () => {
    const { count } = await read("resume");
    expect(await json<DropIn>(call("/visitor_counter"))).toEqual({ visitor_counter: count + 1 });
    expect(await json<DropIn>(post("/visitor_counter"))).toEqual({ visitor_counter: count + 2 });
  });

  it("does not count HEAD and prefetch requests", async () => {
    const before = await read("resume");
    expect(await (await call("/visitor_counter", { method: "HEAD" })).text()).toBe("");
    const prefetch = await call("/visitor_counter", { headers: { "Sec-Purpose": "prefetch;prerender" } });
    expect(await prefetch.json()).toEqual({ visitor_counter: before.count });
    expect(await read("resume")).toEqual(before);
  });
});

describe("rejected requests", () => {
  it.each([
    ["an unknown page", "POST", "/v1/visits/unknown", 404, "NOT_FOUND"],
    ["an unknown page read", "GET", "/v1/visits/unknown", 404, "NOT_FOUND"],
    ["a page with capitals", "POST", "/v1/visits/Resume", 400, "VALIDATION_FAILED"],
    ["a page with a slash in it", "POST", "/v1/visits/a%2Fb", 400, "VALIDATION_FAILED"],
    ["a page with a quote", "POST", "/v1/visits/o'neill", 400, "VALIDATION_FAILED"],
    ["a page of 65 characters", "GET", `/v1/visits/${"a".repeat(65)}`, 400, "VALIDATION_FAILED"],
    ["a page that is a row of the table", "GET", "/v1/visits/resume%20or%20true", 400, "VALIDATION_FAILED"],
    ["an unknown path", "GET", "/v2/visits/resume", 404, "NOT_FOUND"],
    ["a method the path does not take", "DELETE", "/v1/visits/resume", 405, "METHOD_NOT_ALLOWED"],
    ["a method the drop-in does not take", "PUT", "/visitor_counter", 405, "METHOD_NOT_ALLOWED"],
  ])("rejects %s: %s %s returns %i %s", async (_, method, path, status, code) => {
    const response = await call(path, { method });
    expect(response.status).toBe(status);
    const { error } = await json<ErrorBody>(response);
    expect(error).toMatchObject({ code, trace_id: response.headers.get("x-trace-id") });
    expect(error.message).not.toMatch(/\n|node_modules|\.ts:/);
  });

  it("creates no row for an unknown page", async () => {
    await post("/v1/visits/unknown");
    expect((await call("/v1/visits/unknown")).status).toBe(404);
  });

  it("lists the methods of a path in Allow after a wrong one", async () => {
    const response = await call("/v1/visits/resume", { method: "PATCH" });
    expect(response.headers.get("allow")?.split(", ").sort()).toEqual(["GET", "HEAD", "POST"]);
  });
});

describe("every response", () => {
  it.each([
    ["POST", "/v1/visits/projects"],
    ["GET", "/v1/visits/projects"],
    ["GET", "/v1/visits/unknown"],
    ["GET", "/nothing"],
  ])("forbids caching and has security headers and a trace id: %s %s", async (method, path) => {
    const { headers } = await call(path, { method });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("access-control-expose-headers")).toContain("X-Trace-ID");
    expect(headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  it("has the client's trace id, as in the log line", async () => {
    const id = "0123456789abcdef0123456789abcdef";
    const response = await call("/v1/visits/projects", { headers: { "X-Trace-ID": id } });
    expect(response.headers.get("x-trace-id")).toBe(id);
    await expect.poll(() => backend.lines.filter((line) => line.includes(id))).toHaveLength(1);
  });

  it("has no body for HEAD", async () => {
    const response = await call("/v1/visits/projects", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });
});

describe("GET /openapi.json", () => {
  it("describes every route", async () => {
    const document = await json<{ openapi: string; paths: object }>(call("/openapi.json"));
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(["/v1/visits/{page}", "/visitor_counter", "/health/live", "/health/ready"]),
    );
  });
});

describe("history and import", () => {
  const GOATCOUNTER =
    "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,Screen size,Location,FirstVisit,Date";
  const view = (first: number, date: string) =>
    `/projects,"Projects, ""all""\nof them",0,,Firefox 130,Linux,287fb97cbed4e4f-8e4f5c975b8fee06,0,,,"1280,768,1",DE,${first},${date}`;

  it("imports an export of GoatCounter that arrives in chunks, and changes nothing by importing its own export", async () => {
    const headers = { authorization: `Bearer ${await backend.token("owner")}`, "content-type": "text/csv" };
    const importCsv = async (body: string | ReadableStream, query = "") =>
      json<Record<string, unknown>>(
        call(`/v1/visits/projects/import${query}`, { method: "POST", headers, body, duplex: "half" } as RequestInit),
      );
    const historyAs = (accept: string, query = "days=400") =>
      call(`/v1/visits/projects/history?${query}`, { headers: { accept } });
    const [before, days] = [
      await read("projects"),
      await json<{ items: { day: string }[] }>(historyAs("*/*", "days=9")),
    ];
    const [first = "", second = ""] = days.items.map(({ day }) => day);
    const lines = [
      GOATCOUNTER,
      view(1, `${first}T12:00:00Z`),
      view(0, `${first}T12:00:01Z`),
      view(1, `${second}T12:00:00Z`),
    ];
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    const halves = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.subarray(0, 200));
        controller.enqueue(bytes.subarray(200));
        controller.close();
      },
    });
    expect(await importCsv(halves, "?path=/projects&raiseTotal=true")).toEqual({
      page: "projects",
      format: "goatcounter",
      lines: 3,
      days: 2,
      from: first,
      to: second,
      visits: 3,
      uniques: 2,
      changed: 2,
      total: before.count + 3,
    });
    const exported = await (await historyAs("text/csv")).text();
    expect(exported).toContain(`${first},2,1\r\n${second},1,1\r\n`);
    await importCsv(exported);
    expect(await (await historyAs("text/csv")).text()).toBe(exported);
    expect((await read("projects")).count).toBe(before.count + 3);
  });
});
