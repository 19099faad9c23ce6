// JSON bodies: each way to send one wrong, by code, and how far one is read.
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError, type ErrorCode } from "../errors.ts";
import { type Call, invoke } from "./invoke.simulation.ts";
import { operation, routesFor } from "./operation.ts";
import { SECRET } from "./shown-fields.ts";

const LIMIT = 64 * 1024;
const deps = { verifyToken: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };
const json = { "Content-Type": "application/json" };
const bytes = (...values: number[]) => new Uint8Array(values);

/** Sends a body to a route that answers it, parsed. */
function send(body: Call["body"], headers: Record<string, string> = json, schema: z.ZodType = z.unknown()) {
  const route = routesFor<typeof deps>()(
    "openapi",
    "POST",
    "/x",
    "public",
    "none",
    operation({
      tag: "Service",
      summary: "Echo",
      body: schema,
      responses: {},
      errors: [],
      example: {},
      handler: async (request, _: object) => ({ json: request.body }),
    }),
  );
  return invoke(route, deps, { method: "POST", headers, ...(body !== undefined && { body }) });
}

/** A body that comes chunk by chunk with no length told, and counts what is taken of it. */
function stream(chunk: Uint8Array, chunks: number, end: "close" | "error" = "close") {
  const state = { taken: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (state.taken < chunks) {
          state.taken++;
          controller.enqueue(chunk);
        } else if (end === "close") controller.close();
        else controller.error(new Error("ECONNRESET"));
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { state, body };
}
const spaces = (count: number) => new Uint8Array(count).fill(0x20);

describe("a JSON body", () => {
  it.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON;charset=UTF-8",
    "application/json ; profile=x",
    "application/merge-patch+json",
    "application/vnd.vitae.v1+json",
    'application/json;charset="utf-8"',
    "application/json; charset=utf8",
    "application/json;charset",
  ])("is taken with Content-Type %s", async (type) => {
    expect(await send('{"a":"ü"}', { "Content-Type": type })).toMatchObject({ status: 200, text: '{"a":"ü"}' });
  });

  it("is read whole, whatever its chunks cut in two", async () => {
    const encoded = new TextEncoder().encode('{"name":"Zoë 😀"}');
    for (let at = 1; at < encoded.length; at++) {
      const parts = [encoded.slice(0, at), encoded.slice(at)];
      const body = ReadableStream.from(parts) as ReadableStream<Uint8Array>;
      expect((await send(body)).text).toBe('{"name":"Zoë 😀"}');
    }
  });

  it("comes out as it went in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const text = JSON.stringify({ value });
        expect((await send(text)).text).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it("may be exactly as long as the limit", async () => {
    expect((await send(`"${"x".repeat(LIMIT - 2)}"`)).status).toBe(200);
  });

  const faults: [string, ErrorCode, Call["body"], Record<string, string>?][] = [
    ["without a Content-Type", "UNSUPPORTED_MEDIA_TYPE", "{}", {}],
    ["with an empty one", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "" }],
    ["as text", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "text/plain" }],
    ["as a form", "UNSUPPORTED_MEDIA_TYPE", "a=1", { "Content-Type": "application/x-www-form-urlencoded" }],
    ["as something that begins like JSON", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/jsonp" }],
    ["as text that mentions JSON", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "text/plain; application/json" }],
    ["as two types", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/json, application/json" }],
    ["as JSON and text", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/json, text/plain" }],
    ["in Latin-1", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/json; charset=iso-8859-1" }],
    ["in two charsets", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/json;charset=utf-8, x/y" }],
    ["compressed", "UNSUPPORTED_MEDIA_TYPE", gzipSync("{}"), { ...json, "Content-Encoding": "gzip" }],
    ["compressed twice", "UNSUPPORTED_MEDIA_TYPE", "{}", { ...json, "Content-Encoding": "identity, br" }],
    ["that is absent", "VALIDATION_FAILED", undefined],
    ["that is empty", "VALIDATION_FAILED", ""],
    ["that is not JSON", "VALIDATION_FAILED", "{a:1}"],
    ["that is cut off", "VALIDATION_FAILED", '{"a":'],
    ["that is two", "VALIDATION_FAILED", "{}{}"],
    ["that is not UTF-8", "VALIDATION_FAILED", bytes(0x22, 0xff, 0x22)],
    ["in UTF-16", "VALIDATION_FAILED", bytes(0x7b, 0, 0x7d, 0)],
    ["with half a character at its end", "VALIDATION_FAILED", bytes(0x22, 0xc3)],
    ["one byte too long", "PAYLOAD_TOO_LARGE", `"${"x".repeat(LIMIT - 1)}"`],
  ];
  it.each(faults)("%s is %s", async (_, code, body, headers) => {
    const reply = await send(body, headers);
    expect(reply.error().code).toBe(code);
    expect(reply.lines).toHaveLength(1);
  });

  it("without compression may say so", async () => {
    expect((await send("{}", { ...json, "Content-Encoding": "Identity" })).status).toBe(200);
    expect((await send("{}", { ...json, "Content-Encoding": "gzip" })).headers.get("accept-encoding")).toBe("identity");
  });

  it("that says it is too long is not read", async () => {
    const { body, state } = stream(spaces(10), 10);
    const reply = await send(body, { ...json, "Content-Length": String(LIMIT + 1) });
    expect(reply.error().code).toBe("PAYLOAD_TOO_LARGE");
    expect(state.taken).toBe(0);
  });

  it("of a type that is not taken is not read, and the type is not sent back at full length", async () => {
    const { body, state } = stream(spaces(10), 10);
    const reply = await send(body, { "Content-Type": `text/${"x".repeat(5_000)}` });
    expect(reply.error().code).toBe("UNSUPPORTED_MEDIA_TYPE");
    expect(state.taken).toBe(0);
    expect(reply.text.length).toBeLessThan(500);
  });

  it("that never ends is read no further than the limit, and not cancelled: that would end the connection the answer goes on", async () => {
    const { body, state } = stream(spaces(1_024), Number.POSITIVE_INFINITY);
    expect((await send(body)).error().code).toBe("PAYLOAD_TOO_LARGE");
    expect(state).toEqual({ taken: 65, cancelled: false });
  });

  it("whose sender hangs up is the caller's failure, not ours", async () => {
    const { body } = stream(spaces(10), 3, "error");
    const reply = await send(body);
    expect(reply.error().code).toBe("VALIDATION_FAILED");
    expect(reply.lines).toMatchObject([{ loggedAt: "information", status: 400 }]);
  });

  it("that breaks its schema is told every rule and value, but nothing of what is marked as secret", async () => {
    const password = z.string().min(50, "is at least 50 long").meta({ format: SECRET });
    const schema = z.object({ user: z.object({ password }), n: z.int() });
    const reply = await send(JSON.stringify({ user: { password: "hunter2" }, n: "seven" }), json, schema);
    expect(reply.status).toBe(400);
    expect(reply.error().details).toMatchObject([
      { path: "body.user.password", message: expect.stringContaining("is at least 50 long") },
      { path: "body.n", message: expect.stringContaining('received "seven"') },
    ]);
    expect(reply.text + JSON.stringify(reply.lines)).not.toContain("hunter2");
  });

  it("that names __proto__ changes no prototype", async () => {
    await send(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
      json,
      z.looseObject({}),
    );
    expect({}).not.toHaveProperty("polluted");
  });
});
