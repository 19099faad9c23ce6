// Rate limits at the boundary: which subject they count, when, and the response.
import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { LimitClass } from "../limits/limiter.ts";
import { openInstance } from "../limits/limits.fixture.ts";
import { type Call, invoke } from "./invoke.fixture.ts";
import { type OperationResponse, operation } from "./operation.ts";
import { type Access, routesFor } from "./route.ts";

type Options = { limit: LimitClass; access?: Access; handler?: () => Promise<OperationResponse> };
const ok = async (): Promise<OperationResponse> => ({ json: { ok: true } });
const common = { tag: "Service", summary: "x", responses: {}, errors: [], example: {} } as const;

/** An instance of the app with one route; with limit class `secret` it takes a name and a password. */
function app({ limit, access = "public", handler = ok }: Options) {
  const meter = { measure: vi.fn() };
  const deps = {
    limits: openInstance(),
    meter,
    async authenticate(authorization: string | null) {
      const [, subject] = /^Bearer (\w+)$/.exec(authorization ?? "") ?? [];
      if (subject) return { subject, role: "owner" as const };
      throw new AppError("UNAUTHENTICATED", "No token.");
    },
  };
  const plain = operation({
    ...common,
    query: z.object({ limit: z.coerce.number().optional() }),
    handler: async (_, _deps: object) => handler(),
  });
  const secret = operation({
    ...common,
    body: z.object({ name: z.string(), password: z.string() }),
    account: ({ body: { name } }) => name,
    handler: async (_, _deps: object) => handler(),
  });
  const route = routesFor<typeof deps>();
  const made =
    limit === "secret"
      ? route("openapi", "POST", "/x", access, limit, secret)
      : route("openapi", ["GET", "POST"], "/x", access, limit, plain);
  const rejections = () => meter.measure.mock.calls.filter(([name]) => name === "limit_rejections");
  return { rejections, call: (call: Call = {}) => invoke(made, deps, call) };
}
const at = (address: string, more: Record<string, string> = {}) => ({ "x-forwarded-for": address, ...more });
describe("limited responses", () => {
  it("returns the remaining requests of the limit at every status", async () => {
    const { call } = app({ limit: "default" });
    const remaining = async (url: string) => {
      const { status, headers } = await call({ url: `http://x/api/x${url}`, headers: at("203.0.113.1:1") });
      return [status, headers.get("ratelimit"), headers.get("ratelimit-policy")];
    };
    const policy = expect.stringMatching(/^"default";q=30;w=\d+$/);
    expect(await remaining("")).toEqual([200, expect.stringMatching(/^"default";r=29;t=\d+$/), policy]);
    expect(await remaining("?limit=x")).toEqual([400, expect.stringMatching(/^"default";r=28;t=\d+$/), policy]);
  });

  it("counts requests with a forged query in one bucket, whatever address they name", async () => {
    const { call } = app({ limit: "default" });
    const statuses: number[] = [];
    for (let time = 0; time < 31; time++) {
      const { status } = await call({ url: "http://x/api/x?headers=1", headers: at(`203.0.113.${time}:1`) });
      statuses.push(status);
    }
    expect(statuses).toEqual([...Array(30).fill(400), 429]);
    expect((await call({ headers: at("203.0.113.1:1") })).status).toBe(200);
  });

  it("returns no limit headers on a route without a limit", async () => {
    const { headers } = await app({ limit: "none" }).call();
    expect([...headers.keys()].filter((name) => name.startsWith("ratelimit"))).toEqual([]);
  });

  it("rejects a request above the limit with 429 and Retry-After, and measures it", async () => {
    const handler = vi.fn(ok);
    const { call, rejections } = app({ limit: "visits", handler });
    for (let time = 0; time < 60; time++) await call({ headers: at("203.0.113.1:1") });
    const response = await call({ headers: at("203.0.113.1:2") });
    expect(response.status).toBe(429);
    expect(response.error()).toMatchObject({
      code: "RATE_LIMITED",
      message: expect.stringMatching(/^More than 60 requests .* from your address: try again in \d+ s\.$/),
      trace_id: response.headers.get("x-trace-id"),
    });
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(response.headers.get("ratelimit")).toMatch(/^"visits";r=0;t=\d+$/);
    expect(handler).toHaveBeenCalledTimes(60);
    expect(rejections()).toEqual([["limit_rejections", 1, { class: "visits" }]]);
    expect(response.lines).toMatchObject([{ message: "request", status: 429, code: "RATE_LIMITED" }]);
    expect(JSON.stringify(response.lines)).not.toContain("203.0.113");
  });
});

describe("limit subjects", () => {
  const statuses = async (calls: readonly Promise<{ status: number }>[]) =>
    Object.groupBy(await Promise.all(calls), ({ status }) => String(status));
  const forty = (make: (index: number) => Promise<{ status: number }>) =>
    statuses(Array.from({ length: 40 }, (_, index) => make(index)));

  it("counts by caller if the token is valid", async () => {
    const { call } = app({ limit: "default", access: "images:read" });
    for (const caller of ["ada", "bob"]) {
      const responses = await forty((index) =>
        call({ headers: at(`203.0.113.${index}:1`, { authorization: `Bearer ${caller}` }) }),
      );
      expect(responses["200"]).toHaveLength(40);
    }
  });

  it("counts by address if the token is invalid, so that guessing tokens is limited", async () => {
    const { call } = app({ limit: "uploads", access: "images:write" });
    const responses = await forty((index) =>
      call({ headers: at("203.0.113.1:1", { authorization: `Basic ${index}` }) }),
    );
    expect(responses["401"]).toHaveLength(30);
    expect(responses["429"]).toHaveLength(10);
  });

  it("counts by the address that the platform appended, whatever the client sent", async () => {
    const { call } = app({ limit: "default" });
    const names = ["forwarded", "x-real-ip", "client-ip", "x-client-ip", "x-azure-clientip", "cf-connecting-ip"];
    const more = (index: number) => Object.fromEntries(names.map((name) => [name, `198.51.100.${index}`]));
    const responses = await forty((index) =>
      call({ headers: at(`198.51.100.${index}, 198.51.100.${index}:80,203.0.113.1:${index}`, more(index)) }),
    );
    expect(responses["200"]).toHaveLength(30);
  });

  it("counts in one shared bucket if the body may have replaced the headers", async () => {
    const { call } = app({ limit: "default" });
    const responses = await forty((index) =>
      call({ method: "POST", headers: at(`203.0.113.${index}:1`), body: `{"Headers":{"x-forwarded-for":"${index}"}}` }),
    );
    expect(responses["200"]).toHaveLength(30);
    expect((await call({ headers: at("203.0.113.1:1") })).status).toBe(200);
    expect((await call({ method: "POST", headers: at("203.0.113.1:1"), body: "{}" })).status).toBe(200);
  });
});

describe("limit class secret", () => {
  const attempt = (address: string, body: string): Call => ({
    method: "POST",
    headers: at(address, { "content-type": "application/json" }),
    body,
  });
  /** Other tests share the limits table. */
  const newAddress = () => `2001:db8:${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}::1`;
  const credentials = (name: string) => JSON.stringify({ name, password: "x" });

  it("counts the address before the body is read, then the account, each once", async () => {
    const { call } = app({ limit: "secret" });
    const [name, address] = [randomUUID(), newAddress()];
    const broken = await call(attempt(address, "["));
    expect(broken.status).toBe(400);
    expect(broken.headers.get("ratelimit-policy")).toMatch(/^"secret-address";q=30;w=\d+$/);
    const next = await call(attempt(address, credentials(name)));
    expect(next.headers.get("ratelimit-policy")).toMatch(
      /^"secret-address";q=30;w=\d+, "secret";q=10;w=\d+, "secret-account";q=50;w=\d+$/,
    );
    expect(next.headers.get("ratelimit")).toMatch(
      /^"secret-address";r=28;t=\d+, "secret";r=9;t=\d+, "secret-account";r=49;t=\d+$/,
    );
  });

  it("rejects the eleventh attempt on one account without a call of the handler", async () => {
    const handler = vi.fn(ok);
    const { call, rejections } = app({ limit: "secret", handler });
    const [name, address] = [randomUUID(), newAddress()];
    const statuses: number[] = [];
    for (let time = 0; time < 11; time++) statuses.push((await call(attempt(address, credentials(name)))).status);
    expect(statuses).toEqual([...Array(10).fill(200), 429]);
    expect(handler).toHaveBeenCalledTimes(10);
    expect(rejections()).toEqual([["limit_rejections", 1, { class: "secret" }]]);
  });
});
