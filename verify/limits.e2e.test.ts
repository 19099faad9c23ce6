// Rate limits over HTTP against the package: which requests are rejected, how, and what does not evade a limit.
import type { IncomingMessage } from "node:http";
import { json as jsonOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Client, evasions, send, tally } from "./limits.fixture.ts";
import type { ErrorBody, PageCount } from "./responses.fixture.ts";

const LIMITS = {
  RATE_LIMITS: "on",
  RATE_LIMIT_ANONYMOUS: "3",
  RATE_LIMIT_AUTHENTICATED: "4",
  RATE_LIMIT_SECRET: "2",
  RATE_LIMIT_VISITS: "5",
};
let backend: Backend;
/** Two instances. */
let hosts: readonly [Client, Client];
beforeAll(async () => {
  backend = await startBackend(LIMITS);
  hosts = [backend.host, await backend.addHost()];
});
afterAll(() => backend.close());

let clients = 0;
/** A client without counts. Its window is the minute after its first request. */
async function newClient(): Promise<Client> {
  // Linux has many loopback addresses. Elsewhere it needs an instance without counts.
  if (process.platform !== "linux") return backend.addHost();
  clients += 1;
  return { url: hosts[0].url, from: `127.0.1.${clients}` };
}

const visit = { method: "POST", path: "/v1/visits/resume" };
const read = { path: "/v1/visits/resume" };

describe("rate limits", () => {
  it("rejects a request above the limit with 429 in the one error shape", async () => {
    const client = await newClient();
    const responses = [];
    for (let time = 0; time < 6; time++) responses.push(await send(client, visit));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 429]);
    for (const [index, { headers }] of responses.entries()) {
      expect(headers["ratelimit-policy"]).toBe('"visits";q=5;w=60');
      expect(headers.ratelimit).toMatch(new RegExp(`^"visits";r=${Math.max(4 - index, 0)};t=(?:60|[1-5]?\\d)$`));
      expect(headers["access-control-expose-headers"]).toMatch(/Retry-After, RateLimit, RateLimit-Policy/);
    }
    const [rejected] = responses.slice(-1) as [IncomingMessage];
    expect(rejected.headers["retry-after"]).toMatch(/^(?:60|[1-5]?\d)$/);
    const { error } = (await jsonOf(rejected)) as ErrorBody;
    expect(error).toMatchObject({ code: "RATE_LIMITED", trace_id: rejected.headers["x-trace-id"] });
    expect(error.message).toMatch(/^More than 5 requests in 60 seconds from your address/);
  });

  it("counts no visit for a rejected request", async () => {
    const count = async () => ((await jsonOf(await send(await newClient(), read))) as PageCount).count;
    const before = await count();
    expect(await tally(await newClient(), 8, () => visit)).toEqual({ 200: 5, 429: 3 });
    expect(await count()).toBe(before + 5);
  });

  it("applies no limit to health and the document", async () => {
    const client = await newClient();
    for (const path of ["/health/live", "/openapi.json"])
      expect(await tally(client, 6, () => ({ path }))).toEqual({ 200: 6 });
    // Its probes have two seconds, which a busy machine may exceed.
    const { 200: ready = 0, 503: unready = 0 } = await tally(client, 6, () => ({ path: "/health/ready" }));
    expect(ready + unready).toBe(6);
    const response = await send(client, { path: "/health/live" });
    response.resume();
    expect(Object.keys(response.headers).filter((name) => name.startsWith("ratelimit"))).toEqual([]);
  });

  it("counts each limit class and each caller separately", async () => {
    const tokens = await Promise.all(["ada", "bob"].map((subject) => backend.token("viewer", subject)));
    const client = await newClient();
    expect(await tally(client, 5, () => read)).toEqual({ 200: 3, 429: 2 });
    expect(await tally(client, 7, () => visit)).toEqual({ 200: 5, 429: 2 });
    for (const token of tokens) {
      const headers = { authorization: `Bearer ${token}` };
      const path = "/v1/images/01a1fdbd-0000-7000-8000-00000000abcd";
      expect(await tally(client, 6, () => ({ path, headers }))).toEqual({ 404: 4, 429: 2 });
    }
    // Without a token the request is anonymous, and that quota is used up.
    expect(await tally(client, 1, () => ({ path: "/v1/images/01a1fdbd-0000-7000-8000-00000000abcd" }))).toEqual({
      429: 1,
    });
  });
});

describe("limit class secret", () => {
  it("is exact over two instances, by account and by address, and rejects in the error shape of OAuth", async () => {
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
          await send(
            { ...(hosts[index % 2] as Client), from },
            {
              method: "POST",
              path: "/v1/auth/token",
              headers: { "content-type": "application/x-www-form-urlencoded" },
              body: new URLSearchParams(form).toString(),
            },
          ),
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
  const forged = (index: number) => JSON.stringify({ Headers: { "x-forwarded-for": `203.0.113.${index}` } });
  it.each(evasions)("%s does not evade a limit", async (_, make) => {
    const client = await newClient();
    expect(await tally(client, 3, () => read)).toEqual({ 200: 3 });
    expect(await tally(client, 5, (index) => ({ ...read, ...make(index) }))).toEqual({ 429: 5 });
  });

  it.each([
    ["POST", "/v1/visits/resume", "application/json"],
    ["POST", "/visitor_counter", "text/plain"],
    ["GET", "/visitor_counter", "application/json"],
  ])("a body of %s %s that replaces the headers does not evade a limit", async (method, path, type) => {
    // A new instance, since all its clients share the bucket below.
    const host = await backend.addHost({ RATE_LIMIT_VISITS: "3" });
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
    const path = `${read.path}?Headers=${encodeURIComponent('{"x-forwarded-for":"203.0.113.9"}')}`;
    expect(await tally(await newClient(), 1, () => ({ path }))).toEqual({ 400: 1 });
  });
});

it("a request with a genuine body counts by its address: JSON, text, a form and an empty body", async () => {
  const client = await newClient();
  const bodies = ['{"page":"resume"}', "<hello>", "a=1", "", "[1]"];
  expect(await tally(client, 6, (index) => ({ ...visit, body: bodies[index] ?? "" }))).toEqual({ 200: 5, 429: 1 });
});

it("each instance counts separately for a limit class that is not shared", async () => {
  const client = await newClient();
  for (const { url } of [client, hosts[1]])
    expect(await tally({ ...client, url }, 6, () => visit)).toEqual({ 200: 5, 429: 1 });
});

it("the timer limits-clean-up runs and logs how many rows it removed", async () => {
  const run = await fetch(`${hosts[0].url}/admin/functions/limits-clean-up`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: "{}",
  });
  expect(run.status).toBe(202);
  await expect.poll(() => backend.lines.find((line) => line.includes('"limits-cleaned-up"'))).toContain('"removed":0');
});
