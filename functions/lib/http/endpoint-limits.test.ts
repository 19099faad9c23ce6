// The boundary and its limits: whom it counts, when, and what it answers with.
import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { openInstance } from "../limits/limits.simulation.ts";
import { type Call, invoke } from "./invoke.simulation.ts";
import type { LimitClass } from "./limits.ts";
import { type Access, type OperationResponse, operation, routesFor } from "./operation.ts";

type Options = { limit: LimitClass; access?: Access; handler?: () => Promise<OperationResponse> };
const ok = async (): Promise<OperationResponse> => ({ json: { ok: true } });
const common = { tag: "Service", summary: "x", responses: {}, errors: [], example: {} } as const;

/** An instance of the app with one route; one of the class `secret` takes a name and a password. */
function app({ limit, access = "public", handler = ok }: Options) {
  const meter = { measure: vi.fn() };
  const deps = {
    limits: openInstance(),
    meter,
    async verifyToken(authorization: string | null) {
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
    account: ({ name }) => name,
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
describe("an answer", () => {
  it("carries what is left of the limit, whatever its status", async () => {
    const { call } = app({ limit: "default" });
    const left = async (url: string) => {
      const { status, headers } = await call({ url: `http://x/api/x${url}`, headers: at("203.0.113.1:1") });
      return [status, headers.get("ratelimit"), headers.get("ratelimit-policy")];
    };
    const policy = expect.stringMatching(/^"default";q=30;w=\d+$/);
    expect(await left("")).toEqual([200, expect.stringMatching(/^"default";r=29;t=\d+$/), policy]);
    expect(await left("?limit=x")).toEqual([400, expect.stringMatching(/^"default";r=28;t=\d+$/), policy]);
  });

  it("to a query that would replace the headers is limited too, and whatever address it names is one bucket", async () => {
    const { call } = app({ limit: "default" });
    const statuses: number[] = [];
    for (let time = 0; time < 31; time++) {
      const { status } = await call({ url: "http://x/api/x?headers=1", headers: at(`203.0.113.${time}:1`) });
      statuses.push(status);
    }
    expect(statuses).toEqual([...Array(30).fill(400), 429]);
    expect((await call({ headers: at("203.0.113.1:1") })).status).toBe(200);
  });

  it("of a route without a limit carries none", async () => {
    const { headers } = await app({ limit: "none" }).call();
    expect([...headers.keys()].filter((name) => name.startsWith("ratelimit"))).toEqual([]);
  });

  it("to one request too many is 429 in the one shape, says when to come again, and is measured", async () => {
    const handler = vi.fn(ok);
    const { call, rejections } = app({ limit: "visits", handler });
    for (let time = 0; time < 60; time++) await call({ headers: at("203.0.113.1:1") });
    const reply = await call({ headers: at("203.0.113.1:2") });
    expect(reply.status).toBe(429);
    expect(reply.error()).toMatchObject({
      code: "RATE_LIMITED",
      message: expect.stringMatching(/^More than 60 requests .* from your address: try again in \d+ s\.$/),
      trace_id: reply.headers.get("x-trace-id"),
    });
    expect(Number(reply.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(reply.headers.get("ratelimit")).toMatch(/^"visits";r=0;t=\d+$/);
    expect(handler).toHaveBeenCalledTimes(60);
    expect(rejections()).toEqual([["limit_rejections", 1, { class: "visits" }]]);
    expect(reply.lines).toMatchObject([{ message: "request", status: 429, code: "RATE_LIMITED" }]);
    expect(JSON.stringify(reply.lines)).not.toContain("203.0.113");
  });
});

describe("whom a request is counted as", () => {
  const statuses = async (calls: readonly Promise<{ status: number }>[]) =>
    Object.groupBy(await Promise.all(calls), ({ status }) => String(status));
  const forty = (make: (index: number) => Promise<{ status: number }>) =>
    statuses(Array.from({ length: 40 }, (_, index) => make(index)));

  it("is its caller, where it has a valid token", async () => {
    const { call } = app({ limit: "default", access: "images:read" });
    for (const caller of ["ada", "bob"]) {
      const answers = await forty((index) =>
        call({ headers: at(`203.0.113.${index}:1`, { authorization: `Bearer ${caller}` }) }),
      );
      expect(answers["200"]).toHaveLength(40);
    }
  });

  it("is its address, where a token is wrong: tokens cannot be guessed without end", async () => {
    const { call } = app({ limit: "uploads", access: "images:write" });
    const answers = await forty((index) => call({ headers: at("203.0.113.1:1", { authorization: `Basic ${index}` }) }));
    expect(answers["401"]).toHaveLength(30);
    expect(answers["429"]).toHaveLength(10);
  });

  it("is the address that the platform appended, whatever was sent before it, and whatever other headers say", async () => {
    const { call } = app({ limit: "default" });
    const names = ["forwarded", "x-real-ip", "client-ip", "x-client-ip", "x-azure-clientip", "cf-connecting-ip"];
    const more = (index: number) => Object.fromEntries(names.map((name) => [name, `198.51.100.${index}`]));
    const answers = await forty((index) =>
      call({ headers: at(`198.51.100.${index}, 198.51.100.${index}:80,203.0.113.1:${index}`, more(index)) }),
    );
    expect(answers["200"]).toHaveLength(30);
  });

  it("is nobody in particular when its body may have replaced its headers", async () => {
    const { call } = app({ limit: "default" });
    const answers = await forty((index) =>
      call({ method: "POST", headers: at(`203.0.113.${index}:1`), body: `{"Headers":{"x-forwarded-for":"${index}"}}` }),
    );
    expect(answers["200"]).toHaveLength(30);
    expect((await call({ headers: at("203.0.113.1:1") })).status).toBe(200);
    expect((await call({ method: "POST", headers: at("203.0.113.1:1"), body: "{}" })).status).toBe(200);
  });
});

describe("a route that tries secrets", () => {
  const tries = (address: string, body: string): Call => ({
    method: "POST",
    headers: at(address, { "content-type": "application/json" }),
    body,
  });
  /** The limits are shared, and so is the table with other tests. */
  const somewhere = () => `2001:db8:${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}::1`;
  const trying = (name: string) => JSON.stringify({ name, password: "x" });

  it("counts the address before the body is read, then the account, each once", async () => {
    const { call } = app({ limit: "secret" });
    const [name, address] = [randomUUID(), somewhere()];
    const broken = await call(tries(address, "["));
    expect(broken.status).toBe(400);
    expect(broken.headers.get("ratelimit-policy")).toMatch(/^"secret-address";q=30;w=\d+$/);
    const next = await call(tries(address, trying(name)));
    expect(next.headers.get("ratelimit-policy")).toMatch(
      /^"secret-address";q=30;w=\d+, "secret";q=10;w=\d+, "secret-account";q=50;w=\d+$/,
    );
    expect(next.headers.get("ratelimit")).toMatch(
      /^"secret-address";r=28;t=\d+, "secret";r=9;t=\d+, "secret-account";r=49;t=\d+$/,
    );
  });

  it("refuses the eleventh try of one account, with the handler none the wiser", async () => {
    const handler = vi.fn(ok);
    const { call, rejections } = app({ limit: "secret", handler });
    const [name, address] = [randomUUID(), somewhere()];
    const statuses: number[] = [];
    for (let time = 0; time < 11; time++) statuses.push((await call(tries(address, trying(name)))).status);
    expect(statuses).toEqual([...Array(10).fill(200), 429]);
    expect(handler).toHaveBeenCalledTimes(10);
    expect(rejections()).toEqual([["limit_rejections", 1, { class: "secret" }]]);
  });
});
