// Hostile requests, byte by byte over a plain socket: each gets its error code, or the front end rejects it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { bytesOf, sendRaw } from "./raw-http.fixture.ts";

let backend: Backend;
let authorization: string;
beforeAll(async () => {
  backend = await startBackend();
  authorization = `Authorization: Bearer ${await backend.token("owner")}`;
});
afterAll(() => backend.close());

const LIMIT = 64 * 1024;
const JSON_TYPE = "Content-Type: application/json";
const text = (length: number) => `"${"x".repeat(length - 2)}"`;

/** Status and code of a response in the one error shape; responses of the front end have no code. */
function codeOf({ status, headers, body }: Awaited<ReturnType<typeof sendRaw>>): string {
  if (!headers.has("x-trace-id")) {
    // The local host explains an unknown path. In Azure this 404 is empty too.
    if (status !== 404) expect(body).toBe("");
    return `${status} of the front end`;
  }
  const { error, ...others } = JSON.parse(body);
  expect(others).toEqual({});
  expect(error).toMatchObject({ message: expect.any(String), trace_id: headers.get("x-trace-id") });
  expect(error.message).not.toMatch(/\n|node_modules|\.ts:/);
  return `${status} ${error.code}`;
}
const send = async (line: string, headers: readonly string[] = [], body: string | Uint8Array = "") =>
  codeOf(await sendRaw(backend.api, bytesOf(line, ["Host: localhost", "Connection: close", ...headers], body)));
const post = (headers: readonly string[], body: string | Uint8Array) =>
  send("POST /api/v1/sas HTTP/1.1", [authorization, ...headers], body);
const postJson = (body: string | Uint8Array) =>
  post([JSON_TYPE, `Content-Length: ${Buffer.byteLength(body as string)}`], body);

describe("paths", () => {
  it.each([
    ["/v1/visits/a%2Fb", "400 VALIDATION_FAILED"],
    ["/v1/visits/%C0%AF", "400 VALIDATION_FAILED"],
    ["/v1/visits/%zz", "400 VALIDATION_FAILED"],
    ["/v1/visits/%u0041", "400 VALIDATION_FAILED"],
    ["/v1/visits/%2572esume", "400 VALIDATION_FAILED"],
    ["/v1/visits/%22%3Cscript%3E", "400 VALIDATION_FAILED"],
    ["/v1/visits/resume#x", "400 VALIDATION_FAILED"],
    [`/v1/visits/${"a".repeat(7_000)}`, "400 VALIDATION_FAILED"],
    ["/v1/visits/../nothing", "404 NOT_FOUND"],
    ["/v1/visits/%2e%2e/%2e%2e/nothing", "404 NOT_FOUND"],
    ["/v1\\visits\\resume", "404 NOT_FOUND"],
    ["/%zz%C0<script>", "404 NOT_FOUND"],
    ["/v1/visits/%00", "400 of the front end"],
    ["/v1/visits/a b", "400 of the front end"],
    ["/v1/visits/r\xe9sum\xe9", "400 of the front end"],
    ["/../nothing", "404 of the front end"],
    [`/v1/visits/${"a".repeat(20_000)}`, "431 of the front end"],
  ])("GET %s returns %s", async (path, expected) => {
    expect(await send(`GET /api${path} HTTP/1.1`)).toBe(expected);
  });
});

describe("queries", () => {
  it.each([
    ["filename=%zz", "400 VALIDATION_FAILED"],
    ["filename=%C0%AF", "400 VALIDATION_FAILED"],
    ["filename=a%00.png", "400 VALIDATION_FAILED"],
    ["filename=a&filename=b", "400 VALIDATION_FAILED"],
    ["name=a", "400 VALIDATION_FAILED"],
    ["__proto__=a", "400 VALIDATION_FAILED"],
    ["Headers=%7B%22authorization%22%3A%22x%22%7D", "400 VALIDATION_FAILED"],
    [`filename=${"a".repeat(2_000)}`, "400 VALIDATION_FAILED"],
    ["filename=a.png", "415 UNSUPPORTED_MEDIA_TYPE"],
    ["", "415 UNSUPPORTED_MEDIA_TYPE"],
  ])("an upload with the query ?%s returns %s", async (query, expected) => {
    const headers = [authorization, "Content-Type: text/plain", "Content-Length: 2"];
    expect(await send(`POST /api/v1/images?${query} HTTP/1.1`, headers, "{}")).toBe(expected);
  });

  it.each(["t=1", "t=1&t=2", "%zz=%C0%AF&a=%00", "__proto__=x"])(
    "the query ?%s is ignored on a route without query parameters",
    async (query) => {
      const bytes = bytesOf(`GET /api/v1/visits/resume?${query} HTTP/1.1`, ["Host: localhost", "Connection: close"]);
      expect((await sendRaw(backend.api, bytes)).status).toBe(200);
    },
  );
});

describe("methods", () => {
  it.each([
    ["PUT", "405 METHOD_NOT_ALLOWED"],
    ["OPTIONS", "405 METHOD_NOT_ALLOWED"],
    ["TRACE", "404 of the front end"],
    ["PROPFIND", "404 of the front end"],
    ["get", "400 of the front end"],
    ["COUNT", "400 of the front end"],
  ])("%s on a path of GET and POST returns %s", async (method, expected) => {
    expect(await send(`${method} /api/v1/visits/resume HTTP/1.1`)).toBe(expected);
  });
});

describe("JSON bodies", () => {
  it.each<[string, string | Uint8Array, string]>([
    ["of exactly 64 KiB", text(LIMIT), "400 VALIDATION_FAILED"],
    ["of one byte more", text(LIMIT + 1), "413 PAYLOAD_TOO_LARGE"],
    ["that never closes its arrays", "[".repeat(LIMIT), "400 VALIDATION_FAILED"],
    ["with too many levels", "[".repeat(LIMIT / 2) + "]".repeat(LIMIT / 2), "400 VALIDATION_FAILED"],
    ["with a key twice", '{"variant":"original","variant":"huge"}', "400 VALIDATION_FAILED"],
    ["with infinite numbers", '{"expiresIn":1e999999,"imageId":-1e400}', "400 VALIDATION_FAILED"],
    ["with a number of 60 000 digits", `{"expiresIn":${"9".repeat(60_000)}}`, "400 VALIDATION_FAILED"],
    ["with the property __proto__", '{"__proto__":{"variant":"original"}}', "400 VALIDATION_FAILED"],
    ["that replaces the headers and so removes the token", '{"headers":{}}', "401 UNAUTHENTICATED"],
    ["with an unpaired surrogate", '{"variant":"\\ud800"}', "400 VALIDATION_FAILED"],
    ["with U+0000", '{"variant":"\\u0000"}', "400 VALIDATION_FAILED"],
    ["with an overlong slash", Buffer.from([0x22, 0xc0, 0xaf, 0x22]), "400 VALIDATION_FAILED"],
    ["in UTF-16", Buffer.from('\ufeff{"variant":"original"}', "utf16le"), "400 VALIDATION_FAILED"],
    ["after a byte order mark", '\ufeff{"variant":"original"}', "400 VALIDATION_FAILED"],
    ["that is empty", "", "400 VALIDATION_FAILED"],
    ["that is null", "null", "400 VALIDATION_FAILED"],
  ])("a JSON body %s returns its error code", async (_, body, expected) => {
    expect(await postJson(body)).toBe(expected);
  });

  it("a JSON body that contains the headers with a valid token returns VALIDATION_FAILED", async () => {
    const [, token = ""] = authorization.split(": ");
    const body = JSON.stringify({ Headers: { authorization: token, "content-type": "application/json" } });
    const response = await send("POST /api/v1/sas HTTP/1.1", [`Content-Length: ${body.length}`], body);
    expect(response).toBe("400 VALIDATION_FAILED");
  });

  it.each<[string, readonly string[], string]>([
    ["no content type", [], "415 UNSUPPORTED_MEDIA_TYPE"],
    ["another type", ["Content-Type: text/plain"], "415 UNSUPPORTED_MEDIA_TYPE"],
    ["two types", [JSON_TYPE, "Content-Type: text/plain"], "415 UNSUPPORTED_MEDIA_TYPE"],
    ["one type twice", [JSON_TYPE, JSON_TYPE], "415 UNSUPPORTED_MEDIA_TYPE"],
    ["another charset", [`${JSON_TYPE}; charset=iso-8859-1`], "415 UNSUPPORTED_MEDIA_TYPE"],
    ["compression", [JSON_TYPE, "Content-Encoding: gzip"], "415 UNSUPPORTED_MEDIA_TYPE"],
    ["two tokens", [JSON_TYPE, "Authorization: Bearer x"], "401 UNAUTHENTICATED"],
    // The host drops the empty one from the headers that the library passes on.
    ["a second Authorization header without a value", [JSON_TYPE, "authorization:"], "401 UNAUTHENTICATED"],
  ])("a JSON body with %s returns its error code", async (_, headers, expected) => {
    expect(await post([...headers, "Content-Length: 2"], "{}")).toBe(expected);
  });

  it.each<[string, readonly string[], string, string]>([
    ["in chunks", ["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\n\r\n", "400 VALIDATION_FAILED"],
    [
      "too long in chunks",
      ["Transfer-Encoding: chunked"],
      `10001\r\n${text(LIMIT + 1)}\r\n0\r\n\r\n`,
      "413 PAYLOAD_TOO_LARGE",
    ],
    ["with a Content-Length of a terabyte", ["Content-Length: 1000000000000"], "{}", "500 of the front end"],
    ["without a length", [], "", "400 VALIDATION_FAILED"],
    ["in broken chunks", ["Transfer-Encoding: chunked"], "zz\r\n{}\r\n0\r\n\r\n", "400 of the front end"],
    ["with a negative length", ["Content-Length: -1"], "{}", "400 of the front end"],
    ["with a hexadecimal length", ["Content-Length: 0x2"], "{}", "400 of the front end"],
    ["with two lengths", ["Content-Length: 2", "Content-Length: 3"], "{}", "400 of the front end"],
    [
      "with a length and in chunks",
      ["Content-Length: 2", "Transfer-Encoding: chunked"],
      "2\r\n{}\r\n0\r\n\r\n",
      "400 of the front end",
    ],
  ])("a JSON body %s returns its status", async (_, headers, body, expected) => {
    expect(await post([JSON_TYPE, ...headers], body)).toBe(expected);
  });

  it("a JSON body that ends before its length is rejected by the front end", async () => {
    const headers = ["Host: localhost", authorization, JSON_TYPE, "Content-Length: 20"];
    const bytes = bytesOf("POST /api/v1/sas HTTP/1.1", headers, "{}");
    expect(codeOf(await sendRaw(backend.api, bytes, { hangUp: true }))).toBe("400 of the front end");
  });
});

describe("headers", () => {
  it.each([
    ["X-Trace-ID: \xff\xfe", "400 of the front end"],
    ["traceparent: \xe9", "400 of the front end"],
    ["X-Forwarded-For: ]:[, ,,", "404 NOT_FOUND"],
    ["Content-Length: 3", "404 NOT_FOUND"],
    ["X: a\0b", "400 of the front end"],
    ["a b: c", "400 of the front end"],
    ["X-A: b\nX-B: c", "400 of the front end"],
  ])("the header %j returns %s", async (header, expected) => {
    expect(await send("GET /api/nothing HTTP/1.1", [header], header.startsWith("Content-Length") ? "abc" : "")).toBe(
      expected,
    );
  });

  it.each(["a/b", "a b", "[::1"])("the invalid Host %j is rejected by the front end", async (host) => {
    const bytes = bytesOf("GET /api/nothing HTTP/1.1", [`Host: ${host}`, "Connection: close"]);
    expect(codeOf(await sendRaw(backend.api, bytes))).toBe("400 of the front end");
  });
});

it("the app still responds after all hostile requests, and has logged no error", async () => {
  expect((await fetch(`${backend.api}/health/live`)).status).toBe(200);
  expect(backend.lines.filter((line) => /"level":"(?:warn|error)"|returned nothing|Exception/.test(line))).toEqual([]);
});
