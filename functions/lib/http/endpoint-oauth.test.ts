// Operations with a form and the errors of OAuth.
import { describe, expect, it } from "vitest";
import { AppError, type ErrorCode, errorCodes, statusOf } from "../errors.ts";
import type { Limits } from "../limits/limiter.ts";
import { type Call, invoke } from "./invoke.fixture.ts";
import { COOKIE, deps, good, post, routes, token, url } from "./secret-operations.fixture.ts";

/** RFC 6749 section 5.2. */
const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

describe("an operation with a form and the error shape of OAuth", () => {
  it("receives the parameters and its own cookies, and its response is not cached", async () => {
    const { status, text, headers } = await invoke(token, deps, post(good, { cookie: `a=1; ${COOKIE}=r; a=2` }));
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        body: { grant_type: "password", username: "ada@example.com", password: "p&q" },
        cookies: { [COOKIE]: "r" },
      },
    ]);
    expect([headers.get("cache-control"), headers.get("pragma")]).toEqual(["no-store", "no-cache"]);
  });

  it("sends each cookie of its response as a header of its own", async () => {
    const cookie = { name: COOKIE, value: "r", httpOnly: true, secure: true, sameSite: "Strict" } as const;
    const route = routes(() => ({ cookies: [cookie, { name: "b", value: "2" }] })).token;
    const { cookies, headers } = await invoke(route, deps, post(good));
    expect(cookies).toEqual([cookie, { name: "b", value: "2" }]);
    expect(headers.has("set-cookie")).toBe(false);
  });

  const json = { "content-type": "application/json" };
  it.each<[string, number, string, Call]>([
    ["an unknown parameter", 400, "invalid_request", post(`${good}&scope=x`)],
    ["a repeated parameter", 400, "invalid_request", post(`${good}&username=x`)],
    ["a missing parameter", 400, "invalid_request", post("grant_type=password&username=&password=x")],
    ["a bad escape", 400, "invalid_request", post(`${good}%`)],
    ["a parameter called headers", 400, "invalid_request", post(`${good}&Headers=x`)],
    ["JSON that may replace the headers", 400, "invalid_request", post('{"headers":{}}')],
    ["a repeated cookie", 400, "invalid_request", post(good, { cookie: `${COOKIE}=1; ${COOKIE}=2` })],
    ["a query called headers", 400, "invalid_request", post(good, {}, { url: `${url}?headers=x` })],
    ["a token in the query", 400, "invalid_request", post(good, {}, { url: `${url}?refresh_token=x` })],
    ["a long body", 413, "invalid_request", post(`${good}${"x".repeat(9_000)}`)],
    ["JSON by its type", 415, "invalid_request", post("{}", json)],
  ])("rejects %s with %i %s", async (_, status, error, call) => {
    const response = await invoke(token, deps, call);
    const trace = response.headers.get("x-trace-id");
    expect([response.status, JSON.parse(response.text)]).toEqual([
      status,
      { error, error_description: expect.stringMatching(DESCRIPTION), trace_id: trace },
    ]);
    expect([response.headers.get("cache-control"), response.headers.get("pragma")]).toEqual(["no-store", "no-cache"]);
  });

  it.each(["q7x", "q7x=", "q7x=1"])(
    "says how to escape the & of a password that ends with &%s, and repeats no part",
    async (end) => {
      const { status, text } = await invoke(token, deps, post(`${good}&${end}`));
      expect([status, JSON.parse(text).error_description]).toEqual([400, expect.stringContaining("escape & as %26")]);
      expect(text).not.toContain("q7x");
    },
  );

  it("lists every issue in its description, since the shape has no details", async () => {
    const { text } = await invoke(token, deps, post("password=x"));
    expect(JSON.parse(text).error_description).toMatch(/^form\.username must .* form\.grant_type must [^;]*$/);
    expect(text).not.toContain("details");
  });

  it.each(errorCodes)("returns %s in the shape of OAuth, with its status", async (code) => {
    const expected: Partial<Record<ErrorCode, string>> = {
      RATE_LIMITED: "temporarily_unavailable",
      DEPENDENCY_UNAVAILABLE: "temporarily_unavailable",
      INTERNAL: "server_error",
    };
    const route = routes(() => {
      throw new AppError(code, 'The "name" é … \\ 😀\n— “x”', { extraFields: { more: 1 }, retryAfter: 7 });
    }).token;
    const { status, text, headers } = await invoke(route, deps, post(good));
    expect([status, headers.get("retry-after")]).toEqual([statusOf(code), "7"]);
    expect(JSON.parse(text)).toEqual({
      error: expected[code] ?? "invalid_request",
      error_description: expect.stringMatching(DESCRIPTION),
      trace_id: headers.get("x-trace-id"),
    });
  });

  it("returns the error of OAuth that the handler names, and server_error for an unexpected one", async () => {
    const errorOf = async (thrown: unknown) => {
      const route = routes(() => {
        throw thrown;
      }).token;
      const { status, text } = await invoke(route, deps, post(good));
      return [status, JSON.parse(text).error];
    };
    const grant = new AppError("VALIDATION_FAILED", "x", { oauthError: "invalid_grant" });
    expect(await errorOf(grant)).toEqual([400, "invalid_grant"]);
    expect(await errorOf(new Error("boom"))).toEqual([500, "server_error"]);
  });

  it("returns a rejection of the limit in the shape of OAuth", async () => {
    const limits: Limits = {
      consume: async () => ({ headers: { RateLimit: "l" }, rejection: { message: "x", retryAfter: 3 } }),
    };
    const { status, text, headers } = await invoke(token, { ...deps, limits }, post(good));
    expect([status, JSON.parse(text).error]).toEqual([429, "temporarily_unavailable"]);
    expect([headers.get("ratelimit"), headers.get("retry-after")]).toEqual(["l", "3"]);
  });
});
