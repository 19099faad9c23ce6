// The boundary: what a failure says to the caller and to the log, and the one log line of each request.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { type Call, invoke } from "./invoke.simulation.ts";
import { type OperationResponse, operation, routesFor } from "./operation.ts";

const deps = { verifyToken: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };
const url = "http://localhost/api/v1/things/7";
const call: Call = { url, params: { id: "7" } };

const doing = (handler: () => OperationResponse) =>
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
const throwing = (thrown: unknown) =>
  doing(() => {
    throw thrown;
  });

describe("a failure", () => {
  it("with a code is answered in the one shape, with its status, details and headers", async () => {
    const details = [{ path: "body.url", message: "is a URL" }];
    const thrown = new AppError("CONFLICT", "It is taken.", { details, headers: { ETag: '"2"' }, retryAfter: 3 });
    const reply = await invoke(throwing(thrown), deps, call);
    const trace_id = reply.headers.get("x-trace-id");
    expect(reply.status).toBe(409);
    expect(JSON.parse(reply.text)).toEqual({ error: { code: "CONFLICT", message: "It is taken.", trace_id, details } });
    expect(reply.headers.get("retry-after")).toBe("3");
    expect(reply.headers.get("etag")).toBe('"2"');
  });

  it.each<[string, unknown, unknown]>([
    ["an error", new TypeError("hunter2"), { name: "TypeError", message: "hunter2" }],
    ["an error with a cause", new Error("outer", { cause: new Error("hunter2") }), { cause: { message: "hunter2" } }],
    ["text", "hunter2", "hunter2"],
    ["a number", 7, "7"],
    ["null", null, "non-error object"],
    ["an object", { code: "NOT_FOUND", status: 404, message: "hunter2" }, "non-error object"],
    ["nothing", undefined, undefined],
  ])("that nobody foresaw is INTERNAL, and only the log has it: %s", async (_, thrown, cause) => {
    const reply = await invoke(throwing(thrown), deps, call);
    expect(reply.status).toBe(500);
    expect(reply.error().code).toBe("INTERNAL");
    expect(reply.text).not.toContain("hunter2");
    expect([...reply.headers].join()).not.toContain("hunter2");
    expect(reply.lines).toHaveLength(1);
    expect(reply.lines[0]).toMatchObject({ loggedAt: "error", code: "INTERNAL", error: { code: "INTERNAL" } });
    if (cause !== undefined) expect(reply.lines[0]).toMatchObject({ error: { cause } });
  });

  it("to write an answer as JSON is INTERNAL too", async () => {
    const reply = await invoke(
      doing(() => ({ json: { count: 1n } })),
      deps,
      call,
    );
    expect(reply.error()).toMatchObject({ code: "INTERNAL", trace_id: reply.headers.get("x-trace-id") });
    expect(reply.lines).toMatchObject([{ status: 500, error: { cause: { name: "TypeError" } } }]);
  });

  it.each(["INTERNAL", "DEPENDENCY_UNAVAILABLE"] as const)("of ours, %s, tells the caller no details", async (code) => {
    const thrown = new AppError(code, "hunter2", { details: [{ path: "a", message: "hunter2" }], retryAfter: 5 });
    const reply = await invoke(throwing(thrown), deps, call);
    expect(reply.text).not.toContain("hunter2");
    expect(reply.error()).not.toHaveProperty("details");
    expect(reply.headers.get("retry-after")).toBe("5");
    expect(reply.lines[0]).toMatchObject({ error: { message: "hunter2" } });
  });
});

describe("the log line", () => {
  it("is one for each request, with what it takes to find and to count it, and nothing that was sent", async () => {
    const reply = await invoke(
      doing(() => ({ json: 1 })),
      deps,
      {
        ...call,
        url: `${url}?limit=4&token=hunter2`,
        headers: { authorization: "Bearer hunter2", cookie: "hunter2" },
      },
    );
    expect(reply.lines).toEqual([
      {
        loggedAt: "information",
        timestamp: expect.any(String),
        level: "info",
        message: "request",
        trace_id: reply.headers.get("x-trace-id"),
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

  it("of a caller's mistake has its code, at level information, without a stack", async () => {
    const { lines } = await invoke(throwing(new AppError("NOT_FOUND", "x")), deps, call);
    expect(lines).toMatchObject([{ loggedAt: "information", status: 404, code: "NOT_FOUND" }]);
    expect(lines[0]).not.toHaveProperty("error");
  });

  it("carries the id that won, and the operation's when that is another", async () => {
    const [asked, host] = ["a".repeat(32), "b".repeat(32)];
    const traceParent = `00-${host}-00f067aa0ba902b7-01`;
    const route = throwing(new AppError("NOT_FOUND", "x"));
    const reply = await invoke(route, deps, { ...call, traceParent, headers: { "X-Trace-ID": asked } });
    expect(reply.lines).toMatchObject([{ trace_id: asked, operation_id: host }]);
    expect([reply.headers.get("x-trace-id"), reply.error().trace_id]).toEqual([asked, asked]);
    expect((await invoke(route, deps, { ...call, traceParent })).headers.get("x-trace-id")).toBe(host);
  });
});
