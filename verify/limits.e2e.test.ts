// Rate limits over HTTP against the package: which requests are rejected, how, and what does not evade a limit.
import type { IncomingMessage } from "node:http";
import { json as jsonOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { Host } from "../local/host/host.ts";
import { type Options, send, tally } from "./limits.fixture.ts";
import { type ErrorBody, json } from "./responses.fixture.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.close());

/** A new instance without counts. Its window is the minute after the first request. */
const limited = (settings: Record<string, string> = {}) => backend.addHost({ RATE_LIMITS: "on", ...settings });

const visit = { method: "POST", path: "/v1/visits/resume" };
const read = { path: "/v1/visits/resume" };

describe("rate limits", () => {
  it("rejects a request above the limit with 429 in the one error shape", async () => {
    const host = await limited({ RATE_LIMIT_VISITS: "3" });
    const responses = [];
    for (let time = 0; time < 4; time++)
      responses.push(await fetch(`${host.url}/api${visit.path}`, { method: "POST" }));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    for (const [index, { headers }] of responses.entries()) {
      expect(headers.get("ratelimit-policy")).toBe('"visits";q=3;w=60');
      expect(headers.get("ratelimit")).toMatch(new RegExp(`^"visits";r=${Math.max(2 - index, 0)};t=(?:60|[1-5]?\\d)$`));
      expect(headers.get("access-control-expose-headers")).toMatch(/Retry-After, RateLimit, RateLimit-Policy/);
    }
    const [rejected] = responses.slice(-1) as [Response];
    expect(rejected.headers.get("retry-after")).toMatch(/^(?:60|[1-5]?\d)$/);
    const { error } = await json<ErrorBody>(rejected);
    expect(error).toMatchObject({ code: "RATE_LIMITED", trace_id: rejected.headers.get("x-trace-id") });
    expect(error.message).toMatch(/^More than 3 requests in 60 seconds from your address/);
  });

  it("counts no visit for a rejected request", async () => {
    const host = await limited({ RATE_LIMIT_VISITS: "2" });
    const count = async () => ((await (await fetch(`${backend.api}${read.path}`)).json()) as { count: number }).count;
    const before = await count();
    expect(await tally(host, 5, () => visit)).toEqual({ 200: 2, 429: 3 });
    expect(await count()).toBe(before + 2);
  });

  it("applies no limit to health and the document", async () => {
    const host = await limited({ RATE_LIMIT_ANONYMOUS: "1", RATE_LIMIT_VISITS: "1" });
    for (const path of ["/health/live", "/health/ready", "/openapi.json"])
      expect(await tally(host, 5, () => ({ path }))).toEqual({ 200: 5 });
    const response = await send(host, { path: "/health/live" });
    response.resume();
    expect(Object.keys(response.headers).filter((name) => name.startsWith("ratelimit"))).toEqual([]);
  });

  it("counts each limit class and each caller separately", async () => {
    const tokens = await Promise.all(["ada", "bob"].map((subject) => backend.token("viewer", subject)));
    const host = await limited({ RATE_LIMIT_ANONYMOUS: "2", RATE_LIMIT_AUTHENTICATED: "4", RATE_LIMIT_VISITS: "3" });
    expect(await tally(host, 5, () => read)).toEqual({ 200: 2, 429: 3 });
    expect(await tally(host, 5, () => visit)).toEqual({ 200: 3, 429: 2 });
    for (const token of tokens) {
      const headers = { authorization: `Bearer ${token}` };
      const path = "/v1/images/01a1fdbd-0000-7000-8000-00000000abcd";
      expect(await tally(host, 6, () => ({ path, headers }))).toEqual({ 404: 4, 429: 2 });
    }
    // Without a token the request is anonymous, and that quota is used up.
    expect(await tally(host, 1, () => ({ path: "/v1/images/01a1fdbd-0000-7000-8000-00000000abcd" }))).toEqual({
      429: 1,
    });
  });
});

describe("limit class secret", () => {
  it("is exact over two instances, by account and by address, and rejects in the error shape of OAuth", async () => {
    const settings = { RATE_LIMIT_SECRET: "2" };
    const hosts = [await limited(settings), await limited(settings)];
    const signIn = (username: string) => ({ grant_type: "password", username, password: "hunter2hunter2" });
    const refresh = { grant_type: "refresh_token", refresh_token: "hunter2" };
    // Of the six attempts of an address, three are left for the refreshes.
    const triesOf = (user: string): Record<string, string>[] => [
      ...[user, user.toUpperCase(), user.toLowerCase()].map(signIn),
      ...Array(4).fill(refresh),
    ];
    const minute = () => Math.floor(Date.now() / 60_000);
    async function run(times = 1): Promise<IncomingMessage[]> {
      const [user, from] = [`Ada${times}@example.com`, `127.0.0.${times}`];
      const startedIn = minute();
      const responses: IncomingMessage[] = [];
      for (const [index, form] of triesOf(user).entries())
        responses.push(
          await send(hosts[index % 2] as Host, {
            method: "POST",
            path: "/v1/auth/token",
            headers: { "content-type": "application/x-www-form-urlencoded" },
            body: new URLSearchParams(form).toString(),
            from,
          }),
        );
      // A window is a full minute, and may end between two requests: again from an address without counts.
      return minute() === startedIn || times === 3 ? responses : run(times + 1);
    }
    const responses = await run();
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([400, 400, 429, 400, 400, 400, 429]);
    const policies = responses.map(({ headers }) => `${headers["ratelimit-policy"]}`.match(/[\w-]+(?=";q)/g));
    expect(policies.slice(2, 4)).toEqual([["secret-address", "secret", "secret-account"], ["secret-address"]]);
    for (const response of [responses[2], responses[6]] as IncomingMessage[]) {
      expect(response.headers["retry-after"]).toMatch(/^(?:60|[1-5]?\d)$/);
      expect(await jsonOf(response)).toMatchObject({ error: "temporarily_unavailable" });
    }
    expect(JSON.stringify([await backend.rows("limits"), backend.lines])).not.toMatch(/ada\d?@|hunter2/i);
  });
});

describe("limit evasion", () => {
  const to = (index: number) => `203.0.113.${index}`;
  const forged = (index: number) => JSON.stringify({ Headers: { "x-forwarded-for": to(index) } });
  it.each<[string, (index: number) => Partial<Options>]>([
    ["a forged X-Forwarded-For", (index) => ({ headers: { "x-forwarded-for": to(index) } })],
    [
      "an X-Forwarded-For with many elements",
      (index) => ({ headers: { "x-forwarded-for": `${to(index)}, ${to(index)}:80, [2001:db8::${index}]:1` } }),
    ],
    ["several X-Forwarded-For headers", (index) => ({ headers: { "x-forwarded-for": [to(index), to(index + 1)] } })],
    ["a malformed X-Forwarded-For", (index) => ({ headers: { "x-forwarded-for": `"${to(index)}, ` } })],
    [
      "other headers that name an address or a trusted sender",
      (index) => ({
        headers: {
          forwarded: `for=${to(index)}`,
          "client-ip": to(index),
          "x-client-ip": to(index),
          "x-real-ip": to(index),
          "x-azure-clientip": to(index),
          "x-azure-socketip": to(index),
          "x-arr-log-id": `${index}`,
          "x-ms-client-principal": "eyJ9",
          "x-functions-key": `${index}`,
          "x-trace-id": `${index}`.padStart(32, "a"),
        },
      }),
    ],
    ["an invocation id from the client", (index) => ({ headers: { "x-ms-invocation-id": `${index}` } })],
    ["a token on a public route", (index) => ({ headers: { authorization: `Bearer ${index}` } })],
  ])("%s does not evade a limit", async (_, make) => {
    const host = await limited({ RATE_LIMIT_ANONYMOUS: "3" });
    expect(await tally(host, 3, () => read)).toEqual({ 200: 3 });
    expect(await tally(host, 5, (index) => ({ ...read, ...make(index) }))).toEqual({ 429: 5 });
  });

  it.each([
    ["POST", "/v1/visits/resume", "application/json"],
    ["POST", "/visitor_counter", "text/plain"],
    ["GET", "/visitor_counter", "application/json"],
  ])("a body of %s %s that replaces the headers does not evade a limit", async (method, path, type) => {
    const host = await limited({ RATE_LIMIT_VISITS: "3" });
    // All requests with possibly forged headers share one bucket.
    const headers = { "content-type": type };
    expect(await tally(host, 8, (index) => ({ method, path, headers, body: forged(index) }))).toEqual({
      200: 3,
      429: 5,
    });
    // The bucket of genuine requests is separate.
    expect(await tally(host, 4, () => ({ method, path }))).toEqual({ 200: 3, 429: 1 });
  });

  it("a query that replaces the headers is rejected and does not evade a limit", async () => {
    const host = await limited();
    const path = `${read.path}?Headers=${encodeURIComponent('{"x-forwarded-for":"203.0.113.9"}')}`;
    expect(await tally(host, 1, () => ({ path }))).toEqual({ 400: 1 });
  });
});

it("a request with a genuine body counts by its address: JSON, text, a form and an empty body", async () => {
  const host = await limited({ RATE_LIMIT_VISITS: "5" });
  const bodies = ['{"page":"resume"}', "<hello>", "a=1", "", "[1]"];
  expect(await tally(host, 6, (index) => ({ ...visit, body: bodies[index] ?? "" }))).toEqual({ 200: 5, 429: 1 });
});

it("each instance counts separately for a limit class that is not shared", async () => {
  const hosts = [await limited({ RATE_LIMIT_VISITS: "2" }), await limited({ RATE_LIMIT_VISITS: "2" })];
  for (const host of hosts) expect(await tally(host, 3, () => visit)).toEqual({ 200: 2, 429: 1 });
});

it("the timer limits-clean-up runs and logs how many rows it removed", async () => {
  const host = await limited();
  const run = await fetch(`${host.url}/admin/functions/limits-clean-up`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: "{}",
  });
  expect(run.status).toBe(202);
  await expect.poll(() => backend.lines.find((line) => line.includes('"limits-cleaned-up"'))).toContain('"removed":0');
});
