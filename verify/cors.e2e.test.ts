// The API from pages of other origins, in a real browser: what allowed and other origins can do.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { launchBrowser } from "../scripts/browser.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { json, type PageCount } from "./responses.fixture.ts";

let backend: Backend;
let browser: Browser;
let allowed: Page;
let other: Page;
/** The API of a host that allows one origin, and of one that allows any. */
let api: string;
let openApi: string;
const servers: Server[] = [];

/** An empty page of an origin of its own. */
async function openPage(): Promise<Page> {
  const server = createServer(
    (_, response) => void response.setHeader("Content-Type", "text/html").end("<!doctype html>"),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const page = await browser.newPage();
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  return page;
}

beforeAll(async () => {
  [backend, browser] = await Promise.all([startBackend(), launchBrowser()]);
  [allowed, other] = [await openPage(), await openPage()];
  // Settings may have a trailing slash.
  api = `${(await backend.addHost({}, [new URL(allowed.url()).origin, "https://me.example/"])).url}/api`;
  openApi = backend.api;
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
  await backend?.close();
});

type Init = { method?: string; headers?: Record<string, string>; body?: string; credentials?: "include" };
type Result = { status: number; body: unknown; headers: Record<string, string> };

/** What a script of the page receives, or the name of the error that it catches. */
function call(page: Page, url: string, init: Init = {}): Promise<Result | string> {
  return page.evaluate(
    async ([to, options]) => {
      try {
        const response = await fetch(to, options);
        return { status: response.status, body: await response.json(), headers: Object.fromEntries(response.headers) };
      } catch (error) {
        return (error as Error).name;
      }
    },
    [url, init] as const,
  );
}

const post = { method: "POST" };
const count = async () => (await json<PageCount>(fetch(`${api}/v1/visits/projects`))).count;
const traced = expect.stringMatching(/^[0-9a-f]{32}$/);
/** Lines of requests that reached the function. */
const reached = (name: string) => backend.lines.filter((line) => line.includes(`"function":"${name}"`)).length;

describe("CORS for an allowed origin", () => {
  it("lets a page count a visit and read the number and the trace id", async () => {
    const before = await count();
    expect(await call(allowed, `${api}/v1/visits/projects`, post)).toEqual({
      status: 200,
      body: {
        page: "projects",
        count: before + 1,
        today: expect.any(Number),
        uniqueToday: expect.any(Number),
        counted: true,
      },
      headers: expect.objectContaining({ "x-trace-id": traced }),
    });
  });

  it("lets a page send JSON with a token and a trace id after a preflight", async () => {
    const token = await backend.token("owner");
    const library = openLibrary(backend.api, token);
    const { id } = await json<{ id: string }>(library.upload(await testImage("png", { width: 60, height: 40 })));
    const result = await call(allowed, `${api}/v1/sas`, {
      ...post,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "x-trace-id": "b".repeat(32) },
      body: JSON.stringify({ imageId: id, variant: "original" }),
    });
    expect(result).toMatchObject({ status: 200, body: { imageId: id }, headers: { "x-trace-id": "b".repeat(32) } });
  });

  it("lets a page read an error, its trace id and Retry-After", async () => {
    const unknown = await call(allowed, `${api}/v1/visits/unknown`, post);
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND", trace_id: traced } } });
    await backend.proxy.stop();
    const result = await call(allowed, `${api}/v1/visits/projects`, post);
    await backend.proxy.start();
    expect(result).toMatchObject({ status: 503, headers: { "x-trace-id": traced, "retry-after": "5" } });
  });

  it("lets a page read the remaining requests of a limit, and the wait when it is used up", async () => {
    const limits = { RATE_LIMITS: "on", RATE_LIMIT_ANONYMOUS: "1" };
    const { url } = await backend.addHost(limits, [new URL(allowed.url()).origin]);
    const policy = { "ratelimit-policy": '"default";q=1;w=60' };
    const read = () => call(allowed, `${url}/api/v1/visits/projects`);
    expect(await read()).toMatchObject({
      status: 200,
      headers: { ...policy, ratelimit: expect.stringMatching(/^"default";r=0;t=\d+$/) },
    });
    expect(await read()).toMatchObject({
      status: 429,
      body: { error: { code: "RATE_LIMITED" } },
      headers: { ...policy, "retry-after": expect.stringMatching(/^[1-9]\d?$/), "x-trace-id": traced },
    });
  });

  it("lets a page read the exposed headers and no others", async () => {
    const { headers } = (await call(allowed, `${api}/health/live`)) as Result;
    expect(headers).toHaveProperty("x-trace-id");
    // Sent, but not exposed to scripts.
    expect(headers).not.toHaveProperty("x-frame-options");
    const sent = await fetch(`${api}/health/live`, { headers: { origin: new URL(allowed.url()).origin } });
    expect(sent.headers.get("x-frame-options")).toBe("DENY");
    expect(sent.headers.get("vary")).toMatch(/\bOrigin\b/i);
    expect(sent.headers.get("access-control-expose-headers")?.split(", ").sort()).toEqual([
      "ETag",
      "Location",
      "RateLimit",
      "RateLimit-Policy",
      "Retry-After",
      "X-Trace-ID",
    ]);
  });
});

describe("CORS for another origin", () => {
  it("hides the response from a page, although a request without a preflight is sent", async () => {
    const before = await count();
    expect(await call(other, `${api}/v1/visits/projects`, post)).toBe("TypeError");
    // CORS protects responses; rate limits protect the counter.
    expect(await count()).toBe(before + 1);
  });

  it.each([
    ["a JSON body", { "content-type": "application/json" }],
    ["a token", { authorization: "Bearer a.b.c" }],
    ["a trace id", { "x-trace-id": "c".repeat(32) }],
  ])("keeps a page from sending %s: the preflight fails and no function runs", async (_, headers) => {
    const before = reached("sas-issue");
    expect(await call(other, `${api}/v1/sas`, { ...post, headers, body: "{}" })).toBe("TypeError");
    expect(reached("sas-issue")).toBe(before);
    // The same request from the allowed page reaches the function, which rejects it.
    expect(await call(allowed, `${api}/v1/sas`, { ...post, headers, body: "{}" })).toMatchObject({ status: 401 });
    await expect.poll(() => reached("sas-issue")).toBe(before + 1);
  });

  it("lets a page read responses where every origin is allowed", async () => {
    expect(await call(other, `${openApi}/v1/visits/projects`, post)).toMatchObject({
      status: 200,
      headers: { "x-trace-id": traced },
    });
  });
});

it("requests with browser credentials fail, also where every origin is allowed", async () => {
  for (const [page, to] of [
    [allowed, api],
    [allowed, openApi],
  ] as const) {
    expect(await call(page, `${to}/health/live`)).toMatchObject({ status: 200 });
    expect(await call(page, `${to}/health/live`, { credentials: "include" })).toBe("TypeError");
  }
});
