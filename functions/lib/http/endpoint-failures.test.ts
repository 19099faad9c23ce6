// Errors at the boundary: what the client and the log receive, and the one log line of each request.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { type Call, invoke } from "./invoke.fixture.ts";
import { type OperationResponse, operation } from "./operation.ts";
import { routesFor } from "./route.ts";

const deps = { authenticate: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };
const url = "http://localhost/api/v1/things/7";
const call: Call = { url, params: { id: "7" } };

const routeReturning = (handler: () => OperationResponse) =>
  routesFor<typeof deps>()(
    "openapi",
    "GET",
    "/v1/things",
    "public",
    "none",
    operation({
      tag: "Service",
      summary: "x",
      responses: {},
      errors: [],
      example: {},
      handler: async (_, _deps: object) => handler(),
    }),
  );
const routeThrowing = (thrown: unknown) =>
  routeReturning(() => {
    throw thrown;
  });

describe("errors", () => {
  it("returns an AppError with its status, details and headers", async () => {
    const details = [{ path: "body.url", message: "is a URL" }];
    const thrown = new AppError("CONFLICT", "The name exists already.", {
      details,
      headers: { ETag: '"2"' },
      retryAfter: 3,
    });
    const response = await invoke(routeThrowing(thrown), deps, call);
    const trace_id = response.headers.get("x-trace-id");
    expect(response.status).toBe(409);
    expect(JSON.parse(response.text)).toEqual({
      error: { code: "CONFLICT", message: "The name exists already.", trace_id, details },
    });
    expect(response.headers.get("retry-after")).toBe("3");
    expect(response.headers.get("etag")).toBe('"2"');
  });

  it.each([true, false])("logs whether an error of 503 means that the app is busy: %s", async (isBusy) => {
    const thrown = new AppError("DEPENDENCY_UNAVAILABLE", "Too many decodes", { isBusy });
    const { lines } = await invoke(routeThrowing(thrown), deps, call);
    expect(lines.at(-1)).toMatchObject({ message: "request", status: 503, ...(isBusy && { busy: true }) });
    expect("busy" in (lines.at(-1) ?? {})).toBe(isBusy);
  });

  it.each<[string, unknown, unknown]>([
    ["an error", new TypeError("hunter2"), { name: "TypeError", message: "hunter2" }],
    ["an error with a cause", new Error("outer", { cause: new Error("hunter2") }), { cause: { message: "hunter2" } }],
    ["a string", "hunter2", "hunter2"],
    ["a number", 7, "7"],
    ["null", null, "non-error object"],
    ["an object", { code: "NOT_FOUND", status: 404, message: "hunter2" }, "non-error object"],
    ["undefined", undefined, undefined],
  ])("returns INTERNAL for a thrown value without a code and logs it: %s", async (_, thrown, cause) => {
    const response = await invoke(routeThrowing(thrown), deps, call);
    expect(response.status).toBe(500);
    expect(response.error().code).toBe("INTERNAL");
    expect(response.text).not.toContain("hunter2");
    expect([...response.headers].join()).not.toContain("hunter2");
    expect(response.lines).toHaveLength(1);
    expect(response.lines[0]).toMatchObject({ loggedAt: "error", code: "INTERNAL", error: { code: "INTERNAL" } });
    if (cause !== undefined) expect(response.lines[0]).toMatchObject({ error: { cause } });
  });

  it("returns INTERNAL if a response cannot be serialized as JSON", async () => {
    const response = await invoke(
      routeReturning(() => ({ json: { count: 1n } })),
      deps,
      call,
    );
    expect(response.error()).toMatchObject({ code: "INTERNAL", trace_id: response.headers.get("x-trace-id") });
    expect(response.lines).toMatchObject([{ status: 500, error: { cause: { name: "TypeError" } } }]);
  });

  it.each(["INTERNAL", "DEPENDENCY_UNAVAILABLE"] as const)(
    "hides message and details of %s from the client",
    async (code) => {
      const thrown = new AppError(code, "hunter2", { details: [{ path: "a", message: "hunter2" }], retryAfter: 5 });
      const response = await invoke(routeThrowing(thrown), deps, call);
      expect(response.text).not.toContain("hunter2");
      expect(response.error()).not.toHaveProperty("details");
      expect(response.headers.get("retry-after")).toBe("5");
      expect(response.lines[0]).toMatchObject({ error: { message: "hunter2" } });
    },
  );
});

describe("the log line", () => {
  it("logs route, status, duration and sizes of a request, and no values that the client sent", async () => {
    const response = await invoke(
      routeReturning(() => ({ json: 1 })),
      deps,
      {
        ...call,
        url: `${url}?limit=4&name=hunter2`,
        headers: { authorization: "Bearer hunter2", cookie: "hunter2" },
      },
    );
    expect(response.lines).toEqual([
      {
        loggedAt: "information",
        timestamp: expect.any(String),
        level: "info",
        message: "request",
        trace_id: response.headers.get("x-trace-id"),
        function: "openapi",
        invocation_id: expect.any(String),
        method: "GET",
        route: "/v1/things",
        status: 200,
        duration_ms: expect.any(Number),
        bytes_in: 0,
        bytes_out: 1,
      },
    ]);
  });

  it("logs a client error with its code, at level information, without a stack", async () => {
    const { lines } = await invoke(routeThrowing(new AppError("NOT_FOUND", "x")), deps, call);
    expect(lines).toMatchObject([{ loggedAt: "information", status: 404, code: "NOT_FOUND" }]);
    expect(lines[0]).not.toHaveProperty("error");
  });

  it("logs the trace id, and the operation id if it differs", async () => {
    const [fromClient, host] = ["a".repeat(32), "b".repeat(32)];
    const traceParent = `00-${host}-00f067aa0ba902b7-01`;
    const route = routeThrowing(new AppError("NOT_FOUND", "x"));
    const response = await invoke(route, deps, { ...call, traceParent, headers: { "X-Trace-ID": fromClient } });
    expect(response.lines).toMatchObject([{ trace_id: fromClient, operation_id: host }]);
    expect([response.headers.get("x-trace-id"), response.error().trace_id]).toEqual([fromClient, fromClient]);
    expect((await invoke(route, deps, { ...call, traceParent })).headers.get("x-trace-id")).toBe(host);
  });
});
