// Requests from which the library cannot create a Request: through the library's own server and model.
import { randomUUID } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setImmediate } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Limits } from "../limits/limiter.ts";
import type { Meter } from "../meter.ts";
import { sendThroughLibrary } from "./library.ts";
import { type Forwarded, startLibraryServer } from "./library-server.fixture.ts";
import { operation } from "./operation.ts";
import { watchReceivedRequests } from "./received-requests.ts";
import { routesFor } from "./route.ts";
import { createUnclaimedResponder } from "./unclaimed.ts";

const consume = vi.fn<Limits["consume"]>();
const measure = vi.fn<Meter["measure"]>();
const handler = vi.fn(async () => ({ json: {} }));
const limited = { consume };
const own = { limits: limited, meter: { measure } };
const deps = {
  ...own,
  authenticate: async () => Promise.reject(new AppError("UNAUTHENTICATED", "No token")),
  receivedRequests: watchReceivedRequests({
    onUnclaimed: createUnclaimedResponder(own),
    maxBodyBytes: 1_000,
    tickMs: 5,
  }),
};
const health = operation({
  tag: "Service",
  summary: "Health",
  query: z.object({}).loose(),
  responses: {},
  errors: [],
  example: {},
  handler,
});
const routes = [routesFor<typeof deps>()("health", "GET", "/health", "public", "none", health)];
let server: Awaited<ReturnType<typeof startLibraryServer<typeof deps>>>;

beforeAll(async () => {
  server = await startLibraryServer(routes, deps);
});
beforeEach(() => {
  vi.clearAllMocks();
  consume.mockResolvedValue({ headers: { RateLimit: "l" } });
});

/** Sends a response by the library, which rejects when it keeps none for the invocation. */
const respondAgain = (id: string) => sendThroughLibrary(id, {});
const freed = "Expected value to be neither null nor undefined";

const get: Forwarded = { method: "GET", target: "/api/health" };
const secret = "SECRETQUERY";

/** Waits until the library's server has the request that `work` forwards. */
async function received<T>(work: () => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  subscribe("http.server.request.start", resolve);
  const [result] = await Promise.all([work(), promise]);
  unsubscribe("http.server.request.start", resolve);
  return result;
}

describe("a request that the library cannot read", () => {
  it.each<[string, Partial<Forwarded>]>([
    ["a header name with a space", { forged: { Headers: '{"a b":"1"}' } }],
    ["a header value above U+00FF", { forged: { Headers: '{"a":"€"}' } }],
    ["a list instead of headers", { forged: { Headers: "[1]" } }],
    ["a header of the client above U+00FF", { headers: { "user-agent": "Łukasz" } }],
    ["a POST with such a field", { method: "POST", forged: { Headers: '{"a b":"1"}' }, body: Buffer.from("{}") }],
    ["the host a.1", { host: "a.1" }],
    ["a port above 65535", { host: "localhost:99999" }],
  ])("gets 400 in the one error shape for %s", async (_, change) => {
    const log = vi.spyOn(console, "info");
    const socket = await server.open();
    const target = `/api/health?token=${secret}`;
    const { response, outcome } = await server.forward(socket, "health", { ...get, target, ...change });
    expect((await outcome)?.failure).toMatch(/could not read the request(?!.*SECRETQUERY)/s);
    const { status, headers, text } = await response;
    expect(status).toBe(400);
    expect(headers).toMatch(/^ratelimit: l$/im);
    const { error } = JSON.parse(text);
    expect(error).toMatchObject({ code: "VALIDATION_FAILED", trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(headers.toLowerCase()).toContain(`x-trace-id: ${error.trace_id}`);
    expect(handler).not.toHaveBeenCalled();

    expect(consume).toHaveBeenCalledWith("default", expect.anything());
    expect(measure).toHaveBeenCalledWith("requests", 1, { function: "unclaimed", status: 400 });
    const lines = log.mock.calls.map(([line]) => String(line));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { message: "request", status: 400, route: "unclaimed", code: "VALIDATION_FAILED", trace_id: error.trace_id },
    ]);
    expect(lines.join()).not.toContain(secret);
    log.mockRestore();
  });

  it("gets the error shape of OAuth if its path names such a route", async () => {
    const target = "/api/v1/Auth/token/?x=1";
    const { response } = await server.forward(await server.open(), "health", { ...get, target, host: "a.1" });
    const { headers, text } = await response;
    const error = { error: "invalid_request", error_description: expect.any(String), trace_id: expect.any(String) };
    expect(JSON.parse(text)).toEqual(error);
    expect(headers).toMatch(/^pragma: no-cache$/im);
  });

  it("gets 429 when the limit is used up", async () => {
    consume.mockResolvedValue({ headers: {}, rejection: { message: "Too many", retryAfter: 7 } });
    const { response } = await server.forward(await server.open(), "health", { ...get, host: "a.1" });
    const { status, headers } = await response;
    expect(status).toBe(429);
    expect(headers).toMatch(/^retry-after: 7$/im);
  });

  it("leaves its connection usable", async () => {
    const socket = await server.open();
    const { response } = await server.forward(socket, "health", { ...get, host: "a.1" });
    expect((await response).status).toBe(400);
    const next = await server.forward(socket, "health", get);
    expect((await next.response).status).toBe(200);
  });

  it("is no longer kept by the library, whether its client waits or leaves", async () => {
    const waits = await server.forward(await server.open(), "health", { ...get, host: "a.1" });
    await waits.response;
    await expect(respondAgain(waits.id)).rejects.toThrow(freed);

    const socket = await server.open();
    const leaves = await received(() => server.forward(socket, undefined, get));
    leaves.response.catch(() => {});
    socket.destroy();
    // Its wait ends after that of the request before it.
    await (await server.forward(await server.open(), undefined, get)).response;
    await expect(respondAgain(leaves.id)).rejects.toThrow(freed);
  });
});

describe("an invocation whose request the host could not forward", () => {
  it("fails, is logged and limited, and leaves nothing in the library", async () => {
    const log = vi.spyOn(console, "info").mockReturnValue(undefined);
    const id = randomUUID();
    const outcome = await server.run(id, "health", { Headers: { json: '{"a":"\u00fc"}' } });
    expect(outcome.failure).toContain("could not read the request");
    expect(handler).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(log).toHaveBeenCalledOnce(), 30_000);
    expect(consume).toHaveBeenCalledOnce();
    await expect(respondAgain(id)).rejects.toThrow(freed);
    log.mockRestore();
  });

  it("fails and leaves nothing in the library when Node.js itself rejects the request for its Expect header", async () => {
    const info = vi.spyOn(console, "info").mockReturnValue(undefined);
    const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
    const { id, response, outcome } = await server.forward(await server.open(), "health", { ...get, expect: "foo" });
    expect((await response).status).toBe(417);
    expect((await outcome)?.failure).toContain("could not read the request");
    expect(handler).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(info).toHaveBeenCalledOnce(), 30_000);
    expect(consume).toHaveBeenCalledOnce();
    await expect(respondAgain(id)).rejects.toThrow(freed);
    expect(warn).not.toHaveBeenCalled();
    info.mockRestore();
    warn.mockRestore();
  });

  it("gets 400 if its request arrives after all", async () => {
    const id = randomUUID();
    await server.run(id, "health", {});
    const { response } = await server.forward(await server.open(), undefined, { ...get, id });
    expect((await response).status).toBe(400);
  });
});

describe("an invocation that comes late", () => {
  it("runs if the process was blocked for much longer than the wait", async () => {
    const socket = await server.open();
    const { response, run } = await received(() => server.forward(socket, undefined, get));
    const until = performance.now() + 1_000;
    while (performance.now() < until);
    // As in Azure: due timers run first, then the message that has arrived is read.
    await setImmediate();
    await run("health");
    expect((await response).status).toBe(200);
    expect(handler).toHaveBeenCalledOnce();
  });

  it("does nothing once its client has got 400", async () => {
    const { response, run } = await server.forward(await server.open(), undefined, get);
    expect((await response).status).toBe(400);
    expect(await run("health")).toMatchObject({ hasResponse: false });
    expect(handler).not.toHaveBeenCalled();
  });
});
