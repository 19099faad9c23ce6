// Every error code: by a real request to the package, or, if no route returns it yet, by a route of this test.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { AppError, type ErrorCode, statusOf } from "../functions/lib/errors.ts";
import { type ErrorBody, invoke } from "../functions/lib/http/invoke.fixture.ts";
import { operation } from "../functions/lib/http/operation.ts";
import { routesFor } from "../functions/lib/http/route.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Library, openLibrary } from "./library.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

let backend: Backend;
let owner: Library;
let file: Buffer;
beforeAll(async () => {
  backend = await startBackend();
  owner = openLibrary(backend.api, await backend.token("owner"));
  file = await testImage("png", { width: 60, height: 40 });
});
afterAll(() => backend.close());

const call = (path: string, init?: RequestInit) => fetch(`${backend.api}${path}`, init);
const requestLink = (body: unknown, headers: Record<string, string> = { "content-type": "application/json" }) =>
  owner.call("/v1/sas", { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });

async function describeImage(headers: Record<string, string> = {}) {
  const { id } = await json<Image>(owner.upload(file));
  const init = { method: "PATCH", headers: { "content-type": "application/json", ...headers } };
  return owner.call(`/v1/images/${id}`, { ...init, body: '{"alt":"x"}' });
}

/** One request for each code; null if no request can cause it. A missing code does not compile. */
const requests: Record<ErrorCode, (() => Promise<Response>) | null> = {
  VALIDATION_FAILED: () => requestLink({ imageId: "7", variant: "original" }),
  UNAUTHENTICATED: () => call("/v1/images", { method: "POST" }),
  FORBIDDEN: async () => openLibrary(backend.api, await backend.token("viewer")).upload(file),
  NOT_FOUND: () => call("/v1/visits/unknown"),
  METHOD_NOT_ALLOWED: () => call("/v1/visits/resume", { method: "DELETE" }),
  async CONFLICT() {
    backend.events.decide(() => "drop");
    const { id } = await json<Image>(owner.upload(await testImage("png", { width: 60, height: 40 })));
    return requestLink({ imageId: id, variant: "thumbnail" });
  },
  PRECONDITION_FAILED: () => describeImage({ "if-match": '"older.read"' }),
  PRECONDITION_REQUIRED: () => describeImage(),
  PAYLOAD_TOO_LARGE: () => requestLink(`"${"x".repeat(64 * 1024)}"`),
  UNSUPPORTED_MEDIA_TYPE: () => requestLink("{}", { "content-type": "text/plain" }),
  UNPROCESSABLE_IMAGE: () => owner.upload(file.subarray(0, file.length / 2)),
  async RATE_LIMITED() {
    const host = await backend.addHost({ RATE_LIMITS: "on", RATE_LIMIT_ANONYMOUS: "1" });
    const send = () => fetch(`${host.url}/api/v1/visits/resume`);
    await send();
    return send();
  },
  INTERNAL: null,
  async DEPENDENCY_UNAVAILABLE() {
    backend.proxy.decide(() => ({ kind: "drop" }));
    try {
      return await call("/v1/visits/resume");
    } finally {
      backend.proxy.decide(undefined);
    }
  },
};
const all = Object.entries(requests) as [ErrorCode, (() => Promise<Response>) | null][];
const real = all.flatMap(([code, request]) => (request ? [[code, request] as const] : []));
const unused = all.flatMap(([code, request]) => (request ? [] : [code]));

function expectShape(text: string, code: ErrorCode, traceId: string | null): void {
  const { error, ...others } = JSON.parse(text) as ErrorBody;
  expect(others).toEqual({});
  const { details, ...rest } = error;
  expect(rest).toEqual({ code, message: expect.stringMatching(/^[A-Za-z/].{15,}[.]$/), trace_id: traceId });
  if (code === "VALIDATION_FAILED") expect(details?.length).toBeGreaterThan(0);
  else expect(details).toBeUndefined();
}

describe("requests", () => {
  it.each(real)("a request can cause %s in the one error shape", async (code, request) => {
    const response = await request();
    expect(response.status).toBe(statusOf(code));
    expectShape(await response.text(), code, response.headers.get("x-trace-id"));
    expect(response.headers.get("content-type")).toBe("application/json");
  });
});

describe("codes without a request", () => {
  const deps = { authenticate: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };

  it.each(unused)("%s has the one error shape", async (code) => {
    const thrown = new AppError(code, "The rule, what was received, and what to do.", { cause: new Error("hunter2") });
    const route = routesFor<typeof deps>()(
      "openapi",
      "GET",
      "/x",
      "public",
      "none",
      operation({
        tag: "Service",
        summary: "x",
        responses: {},
        errors: [],
        example: {},
        handler: () => Promise.reject(thrown) as Promise<object>,
      }),
    );
    const response = await invoke(route, deps);
    expect(response.status).toBe(statusOf(code));
    expectShape(response.text, code, response.headers.get("x-trace-id"));
    expect(response.text).not.toContain("hunter2");
  });

  it("the document lists no code without a request above, except INTERNAL", async () => {
    const { paths } = await json<{ paths: Record<string, Record<string, { responses: object }>> }>(
      call("/openapi.json"),
    );
    const documented = Object.values(paths).flatMap((path) =>
      Object.values(path).flatMap(({ responses }) => Object.keys(responses).map(Number)),
    );
    const expected = unused.filter((code) => code !== "INTERNAL").map(statusOf);
    expect(documented.filter((status) => expected.includes(status))).toEqual([]);
    expect(documented).toContain(statusOf("INTERNAL"));
  });
});
