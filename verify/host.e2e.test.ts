// What depends on the functions host in front of the app, without any lever of the local one. With VITAE_API (an address
// that ends in /api) and VITAE_TOKEN it tests a running app, such as in Azure Functions Core Tools (npm run functions-host).
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { bytesOf, sendRaw } from "./raw-http.fixture.ts";
import { type ErrorBody, type Image, json } from "./responses.fixture.ts";

let backend: Backend | undefined;
let api = process.env.VITAE_API ?? "";
let authorization: string;
beforeAll(async () => {
  if (!api) {
    backend = await startBackend({ RATE_LIMITS: "on" });
    api = backend.api;
  }
  authorization = `Bearer ${process.env.VITAE_TOKEN ?? (await backend?.token("owner"))}`;
});
afterAll(() => backend?.close());

const MIB = 1024 * 1024;

/** Sends the body with a Content-Length, or in chunks. @returns the status */
function upload(path: string, body: Uint8Array, { isChunked = false, headers = {}, method = "POST" } = {}) {
  return new Promise<number>((resolve, reject) => {
    const framing = isChunked ? { "transfer-encoding": "chunked" } : { "content-length": body.byteLength };
    const sent = request(`${api}${path}`, { method, headers: { ...headers, ...framing } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    // A host that rejects a body may close the connection while it is sent.
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Several at once, so that they also use a connection on which the request before was not read. */
async function expectResponses(): Promise<void> {
  const responses = await Promise.all(Array.from({ length: 4 }, () => fetch(`${api}/health/live`)));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
}

describe.each([
  ["a Content-Length", false],
  ["chunks", true],
])("a body of 1.5 MiB with %s", (_, isChunked) => {
  it.each([
    ["a visit", "/v1/visits/resume", "POST", 200],
    ["an upload without a token", "/v1/images", "POST", 401],
    ["an unknown path", "/v1/image", "POST", 404],
    ["a wrong method", "/v1/images", "PUT", 405],
  ])(`of %s leaves no later request without a response (chunked: ${isChunked})`, async (_, path, method, status) => {
    expect(await upload(path, Buffer.alloc(1.5 * MIB, "x"), { isChunked, method })).toBe(status);
    await expectResponses();
  });

  it(`is stored when it is an image and a caller sends it (chunked: ${isChunked})`, async () => {
    const png = await testImage("png");
    const headers = { authorization, "content-type": "image/png" };
    expect(await upload("/v1/images", png, { isChunked, headers })).toBe(201);
  });
});

describe("a request from which the library cannot create a Request", () => {
  const query = (value: string) => `/health?Headers=${encodeURIComponent(value)}`;
  it.each<[string, string, string, string]>([
    ["a header name with a space in the query", "GET", query('{"a b":"1"}'), ""],
    ["a header value above U+00FF in the query", "GET", query('{"a":"€"}'), ""],
    ["a list in the query", "GET", query("[1]"), ""],
    ["a header name with a space in a JSON body", "POST", "/v1/visits/resume", '{"Headers":{"a b":"1"}}'],
  ])("gets 400 in the one error shape: %s", async (_, method, path, body) => {
    const response = await fetch(`${api}${path}`, { method, ...(body && { body }) });
    expect(response.status).toBe(400);
    const { error } = await json<ErrorBody>(response);
    expect(error).toMatchObject({ code: "VALIDATION_FAILED", trace_id: response.headers.get("x-trace-id") });
    await expectResponses();
  });

  it("gets a response to a Host that is no name of a host", async () => {
    const { status } = await sendRaw(api, bytesOf("GET /api/health/live HTTP/1.1", ["Host: a.1", "Connection: close"]));
    expect(status).toBe(400);
    await expectResponses();
  });

  it("gets a response to a header above U+007F, and ends no other request", async () => {
    const headers = ["Host: localhost", "X-Name: Bj\u00c3\u00b6rn", "Connection: close"];
    const odd = sendRaw(api, bytesOf("GET /api/health/live HTTP/1.1", headers));
    await expectResponses();
    expect((await odd).status).toBeGreaterThanOrEqual(200);
    await expectResponses();
  });
});

it("an uploaded image is read again by its id", async () => {
  const response = await fetch(`${api}/v1/images`, {
    method: "POST",
    headers: { authorization, "content-type": "image/png" },
    body: new Uint8Array(await testImage("png")),
  });
  const { id } = await json<Image>(response);
  const found = await fetch(`${api}/v1/images/${id}`, { headers: { authorization } });
  expect(await json<Image>(found)).toMatchObject({ id, contentType: "image/png" });
});
