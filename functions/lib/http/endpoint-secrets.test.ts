// Secrets of a request: no response, log line or metric repeats them.
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { invoke } from "./invoke.fixture.ts";
import { COOKIE, deps, FORM, good, post, redeem, routes, token, url } from "./secret-operations.fixture.ts";

describe("secrets", () => {
  it.each([
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "password",
    "currentPassword",
    "NEW_PASSWORD",
    "Token",
  ])("rejects a query parameter %s on any route, and repeats its value nowhere", async (name) => {
    for (const route of [token, redeem]) {
      const call = post(good, {}, { url: `${url}?a=1&${name}=hunter2` });
      const { status, text, lines } = await invoke(route, deps, call);
      expect([status, text]).toEqual([400, expect.stringContaining(`query.${name}`)]);
      expect(JSON.stringify([text, lines])).not.toContain("hunter2");
    }
  });

  it("are in no response, log line or metric, however a request with them is malformed", async () => {
    const secret = fc.uuid().map((id) => `S3CRET-${id}`);
    const parameter = fc.constantFrom("password", "token", "refresh_token", "username", "grant_type", "x");
    const piece = fc.oneof(
      fc.tuple(fc.constantFrom("password", "token", "refresh_token"), secret).map((pair) => pair.join("=")),
      secret,
      secret.map((text) => `${text}%`),
      secret.map((text) => `password=%zz${text}`),
      secret.map((text) => `password=a&${text}=b`),
      fc.tuple(parameter, fc.constantFrom("", "1")).map((pair) => pair.join("=")),
    );
    const form = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join("&"));
    const value = fc.oneof(
      secret,
      secret.map((text) => [text]),
      secret.map((text) => ({ text })),
    );
    const json = fc
      .dictionary(fc.constantFrom("password", "token", "currentPassword", "newPassword"), value)
      .chain((body) => fc.constantFrom(JSON.stringify(body), `${JSON.stringify(body)},`, JSON.stringify([body])));
    const cookie = secret.chain((text) =>
      fc.constantFrom(`${COOKIE}=${text}; ${COOKIE}=${text}`, `${COOKIE}="${text}`),
    );
    const calls = fc.record({
      name: fc.constantFrom("token" as const, "redeem" as const),
      body: fc.oneof(form, json),
      type: fc.constantFrom(FORM, "application/json"),
      cookie,
      authorization: secret.map((text) => `Bearer ${text}`),
    });
    await fc.assert(
      fc.asyncProperty(calls, async ({ name, body, type, cookie, authorization }) => {
        const failing = routes(() => {
          throw new Error("unexpected");
        });
        const measure = vi.fn();
        const call = post(body, { "content-type": type, cookie, authorization });
        const response = await invoke(failing[name], { ...deps, meter: { measure } }, call);
        expect(response.status).toBeGreaterThanOrEqual(400);
        const recorded = [response.text, response.lines, measure.mock.calls];
        expect(JSON.stringify(recorded)).not.toMatch(/s3cret/i);
      }),
      { numRuns: 300 },
    );
  });
});
