// JSON bodies: the error code of each wrong one, and how much of it is read.
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError, type ErrorCode } from "../errors.ts";
import { readJson } from "./body.ts";
import { type Call, invoke } from "./invoke.fixture.ts";
import { readFile } from "./multipart.ts";
import { operation } from "./operation.ts";
import { routesFor } from "./route.ts";

const LIMIT = 64 * 1024;
const deps = { authenticate: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };
const json = { "Content-Type": "application/json" };
const bytes = (...values: number[]) => new Uint8Array(values);

/** Sends a body to a route that returns it, parsed. */
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

/** A chunked body without Content-Length that counts the chunks read. */
function stream(chunk: Uint8Array, chunks: number, end: "close" | "error" = "close") {
  const state = { chunksRead: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (state.chunksRead < chunks) {
          state.chunksRead++;
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

describe("JSON bodies", () => {
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
  ])("accepts a JSON body with Content-Type %s", async (type) => {
    expect(await send('{"a":"ü"}', { "Content-Type": type })).toMatchObject({ status: 200, text: '{"a":"ü"}' });
  });

  it("parses a JSON body wherever its chunks split a character", async () => {
    const encoded = new TextEncoder().encode('{"name":"Zoë 😀"}');
    for (let at = 1; at < encoded.length; at++) {
      const parts = [encoded.slice(0, at), encoded.slice(at)];
      const body = ReadableStream.from(parts) as ReadableStream<Uint8Array>;
      expect((await send(body)).text).toBe('{"name":"Zoë 😀"}');
    }
  });

  it("passes a JSON body to the handler unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const text = JSON.stringify({ value });
        expect((await send(text)).text).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it("accepts a JSON body of exactly 64 KiB", async () => {
    expect((await send(`"${"x".repeat(LIMIT - 2)}"`)).status).toBe(200);
  });

  const invalid: [string, ErrorCode, Call["body"], Record<string, string>?][] = [
    ["without a Content-Type", "UNSUPPORTED_MEDIA_TYPE", "{}", {}],
    ["with an empty Content-Type", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "" }],
    ["as text", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "text/plain" }],
    ["as a form", "UNSUPPORTED_MEDIA_TYPE", "a=1", { "Content-Type": "application/x-www-form-urlencoded" }],
    ["as a type that begins like JSON", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/jsonp" }],
    ["as text that mentions JSON", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "text/plain; application/json" }],
    ["as two types", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/json, application/json" }],
    ["as JSON and text", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/json, text/plain" }],
    ["in Latin-1", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/json; charset=iso-8859-1" }],
    ["in two charsets", "UNSUPPORTED_MEDIA_TYPE", "{}", { "Content-Type": "application/json;charset=utf-8, x/y" }],
    ["compressed", "UNSUPPORTED_MEDIA_TYPE", gzipSync("{}"), { ...json, "Content-Encoding": "gzip" }],
    ["compressed twice", "UNSUPPORTED_MEDIA_TYPE", "{}", { ...json, "Content-Encoding": "identity, br" }],
    ["that is missing", "VALIDATION_FAILED", undefined],
    ["that is empty", "VALIDATION_FAILED", ""],
    ["that is not JSON", "VALIDATION_FAILED", "{a:1}"],
    ["that is cut off", "VALIDATION_FAILED", '{"a":'],
    ["that is two JSON values", "VALIDATION_FAILED", "{}{}"],
    ["that is not UTF-8", "VALIDATION_FAILED", bytes(0x22, 0xff, 0x22)],
    ["in UTF-16", "VALIDATION_FAILED", bytes(0x7b, 0, 0x7d, 0)],
    ["with half a character at its end", "VALIDATION_FAILED", bytes(0x22, 0xc3)],
    ["one byte too long", "PAYLOAD_TOO_LARGE", `"${"x".repeat(LIMIT - 1)}"`],
  ];
  it.each(invalid)("rejects a JSON body %s with %s", async (_, code, body, headers) => {
    const response = await send(body, headers);
    expect(response.error().code).toBe(code);
    expect(response.lines).toHaveLength(1);
  });

  it("accepts Content-Encoding identity only, and says so in Accept-Encoding", async () => {
    expect((await send("{}", { ...json, "Content-Encoding": "Identity" })).status).toBe(200);
    expect((await send("{}", { ...json, "Content-Encoding": "gzip" })).headers.get("accept-encoding")).toBe("identity");
  });

  it("reads nothing of a JSON body whose Content-Length is too large", async () => {
    const { body, state } = stream(spaces(10), 10);
    const response = await send(body, { ...json, "Content-Length": String(LIMIT + 1) });
    expect(response.error().code).toBe("PAYLOAD_TOO_LARGE");
    expect(state.chunksRead).toBe(0);
  });

  it("reads nothing of a body with an unsupported type, and shortens the type in the message", async () => {
    const { body, state } = stream(spaces(10), 10);
    const response = await send(body, { "Content-Type": `text/${"x".repeat(5_000)}` });
    expect(response.error().code).toBe("UNSUPPORTED_MEDIA_TYPE");
    expect(state.chunksRead).toBe(0);
    expect(response.text.length).toBeLessThan(500);
  });

  it("stops at the limit without cancelling the body, which would end the connection of the response", async () => {
    const { body, state } = stream(spaces(1_024), Number.POSITIVE_INFINITY);
    expect((await send(body)).error().code).toBe("PAYLOAD_TOO_LARGE");
    expect(state).toEqual({ chunksRead: 65, cancelled: false });
  });

  it("reports a disconnected client as a client error", async () => {
    const { body } = stream(spaces(10), 3, "error");
    const response = await send(body);
    expect(response.error().code).toBe("VALIDATION_FAILED");
    expect(response.lines).toMatchObject([{ loggedAt: "information", status: 400 }]);
  });

  it.each(["application/json", "image/png", "multipart/form-data; boundary=b"])(
    "rejects a body of type %s that takes too long",
    async (type) => {
      async function* stalled() {
        yield Buffer.from("--b\r\n");
        await new Promise(() => {});
      }
      const body = { headers: new Headers({ "content-type": type }), stream: stalled(), maxMs: 20 };
      const upload = { ...body, contentLength: 0, field: "file", maxBytes: 1_000 };
      await expect(type === "application/json" ? readJson(body) : readFile(upload)).rejects.toMatchObject({
        code: "VALIDATION_FAILED",
        message: expect.stringMatching(
          /^The body must arrive within 0\.02 seconds, received only a part: send it again/,
        ),
      });
    },
  );

  it("rejects an invalid JSON body with every issue and received value, but without secrets", async () => {
    const password = z.string().min(50, "is at least 50 long");
    const schema = z.object({ user: z.object({ password }), n: z.int() });
    const response = await send(JSON.stringify({ user: { password: "hunter2" }, n: "seven" }), json, schema);
    expect(response.status).toBe(400);
    expect(response.error().details).toMatchObject([
      { path: "body.user.password", message: expect.stringContaining("is at least 50 long") },
      { path: "body.n", message: expect.stringContaining('received "seven"') },
    ]);
    expect(response.text + JSON.stringify(response.lines)).not.toContain("hunter2");
  });

  it("changes no prototype for a body with the property __proto__", async () => {
    await send(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
      json,
      z.looseObject({}),
    );
    expect({}).not.toHaveProperty("polluted");
  });
});
