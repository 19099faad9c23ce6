// Arbitrary bytes close to HTTP, over a plain socket to the package: a documented response, or one of the front end.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assertFuzz, bodies, fuzzing, headers, type Materials, queries, rawPaths } from "../functions/fuzz.fixture.ts";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { statusOf } from "../functions/lib/errors.ts";
import type { ErrorBody } from "../functions/lib/http/invoke.fixture.ts";
import { ROUTE_PREFIX } from "../functions/lib/names.ts";
import { routes } from "../functions/routes.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { bytesOf, type RawResponse, sendRaw } from "./raw-http.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

type OAuthErrorBody = { readonly error: string };
let backend: Backend;
let materials: Materials;
beforeAll(async () => {
  backend = await startBackend();
  const file = await testImage("png", { width: 8, height: 6 });
  const [owner, viewer] = await Promise.all([backend.token("owner"), backend.token("viewer")]);
  const { id } = await json<Image>(openLibrary(backend.api, owner).upload(file));
  materials = { tokens: [owner, owner, viewer, `${owner}x`].map((token) => `Bearer ${token}`), image: id, file };
});
afterAll(() => backend.close());

/** Statuses of the front end, always without a body. */
const FRONT_END = [400, 404, 413, 417, 431];

function expectDocumented({ status, headers, body }: RawResponse, method: string): void {
  const trace = headers.get("x-trace-id");
  if (trace === null) {
    expect(FRONT_END).toContain(status);
    expect(body).toBe("");
    return;
  }
  expect(trace).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(status).toBeLessThan(500);
  expect(headers.has("x-injected")).toBe(false);
  if (method === "HEAD" || [204, 304, 308].includes(status)) expect(body).toBe("");
  else if (status >= 400) {
    const { error, ...others } = JSON.parse(body) as ErrorBody | OAuthErrorBody;
    if (typeof error === "string") {
      expect(others).toEqual({ error_description: expect.stringMatching(/./), trace_id: trace });
      return;
    }
    expect(others).toEqual({});
    expect(error).toMatchObject({ message: expect.stringMatching(/./), trace_id: trace });
    expect(statusOf(error.code)).toBe(status);
  } else if (headers.get("content-type") === "application/json") expect(() => JSON.parse(body)).not.toThrow();
  else expect(headers.get("content-type")).toMatch(/^(?:text\/(?:csv|html)|image\/svg\+xml); charset=utf-8$/);
}

it("over-http returns a documented response to any request", {
  timeout: 180_000 + fuzzing.runs * 200,
}, async () => {
  // A revocation of the keys would end the tokens that all others send.
  const lasting = routes.filter(({ name }) => name !== "key-rotate");
  const calls = fc.constantFrom(...lasting).chain((route) =>
    fc.record({
      method: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...route.methods) },
        { weight: 1, arbitrary: fc.constantFrom("PUT", "OPTIONS", "TRACE", "get", "COUNT", "G T", "") },
      ),
      path: rawPaths(route, materials),
      query: queries(route.operation),
      headers: headers(route.operation, materials),
      body: bodies(route.operation, materials),
      framing: fc.constantFrom("length", "length", "length", "chunks", "none"),
    }),
  );
  let fromApp = 0;
  const property = fc.asyncProperty(calls, async ({ method, path, query, headers, body, framing }) => {
    const chunked = framing === "chunks";
    const content = chunked
      ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n0\r\n\r\n")])
      : body;
    const lines = [
      "Host: localhost",
      "Connection: close",
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(chunked ? ["Transfer-Encoding: chunked"] : []),
      ...(framing === "length" && !("content-length" in headers) ? [`Content-Length: ${body.length}`] : []),
    ];
    const bytes = bytesOf(`${method} ${path}?${query} HTTP/1.1`, lines, content);
    // With a Content-Length above the body, the client must disconnect, and may get no response.
    const hangUp = !chunked && Number(headers["content-length"]) > body.length;
    const response = await sendRaw(backend.api, bytes, { hangUp }).catch((error: unknown) => {
      if (!hangUp) throw error;
    });
    if (!response) return;
    // Its probes have two seconds, which a busy machine may exceed.
    if (response.status === 503 && path === `${ROUTE_PREFIX}/health/ready`) {
      if (method !== "HEAD") expect(JSON.parse(response.body)).toMatchObject({ status: "down" });
      return;
    }
    expectDocumented(response, method);
    if (response.headers.has("x-trace-id")) fromApp += 1;
  });
  await assertFuzz("over-http", property, fuzzing.runs);
  if (fuzzing.runs >= 200 && !("seed" in fuzzing.replay)) expect(fromApp).toBeGreaterThan(fuzzing.runs / 4);
  expect(backend.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  expect((await fetch(`${backend.api}/health/ready`)).status).toBe(200);
});
