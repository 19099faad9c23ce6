// Request and response bodies through the host: buffered, streamed, aborted and limited.
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { start } from "./host.fixture.ts";

const marker = () => join(tmpdir(), `vitae-host-${randomUUID()}`);

function call(url: string, options: RequestOptions, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, options).on("response", resolve).on("error", reject).end(body);
  });
}

describe("the host", () => {
  test("passes a body of one mebibyte unchanged, with Content-Length and chunked", async () => {
    const { url } = await start("basic");
    const bytes = randomBytes(1024 * 1024);
    for (const headers of [{ "content-length": bytes.length }, { "transfer-encoding": "chunked" }]) {
      const response = await call(`${url}/api/echo`, { method: "POST", headers }, bytes);
      expect((await buffer(response)).equals(bytes)).toBe(true);
    }
  });

  test("reads a JSON object for its properties first, as in Azure, and passes it unchanged", async () => {
    const { url } = await start("basic");
    const body = ` {"Headers":{"x-two":"forged"},"more":"${"ü".repeat(1_000)}"}`;
    for (const headers of [{ "content-length": Buffer.byteLength(body) }, { "transfer-encoding": "chunked" }]) {
      const echoed = await call(`${url}/api/echo`, { method: "POST", headers }, Buffer.from(body));
      expect((await buffer(echoed)).toString()).toBe(body);
      const described = await call(`${url}/api/describe/a`, { method: "POST", headers }, Buffer.from(body));
      const { headers: received } = JSON.parse((await buffer(described)).toString());
      if ("content-length" in headers) expect(received).toEqual({ "x-two": "forged" });
      else expect(received).toHaveProperty("x-forwarded-for");
    }
    const bodyOfGet = await call(
      `${url}/api/describe/a`,
      { headers: { "content-length": 14 } },
      Buffer.from('{"headers":""}'),
    );
    expect(JSON.parse((await buffer(bodyOfGet)).toString()).headers).toEqual({});
  });

  test("keeps serving after a client aborts a JSON body", async () => {
    const { url } = await start("basic");
    const upload = request(`${url}/api/echo`, { method: "POST", headers: { "content-length": 100 } });
    upload.on("error", () => {});
    upload.write('{"a":');
    await once(upload, "socket");
    upload.destroy();
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
  });

  test("passes an empty body", async () => {
    const { url } = await start("basic");
    const response = await fetch(`${url}/api/echo`, { method: "POST" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("streams a response: its first chunk arrives before the last is produced", async () => {
    const { url } = await start("basic");
    const file = marker();
    const response = await fetch(`${url}/api/stream?file=${file}`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("first");
    writeFileSync(file, "");
    expect((await reader?.read())?.value).toBe("last");
    expect((await reader?.read())?.done).toBe(true);
  });

  test("streams a request: the app reads the first bytes before the last are sent", async () => {
    const { url, line } = await start("basic");
    const upload = request(`${url}/api/count-bytes`, { method: "POST" });
    const response = new Promise<IncomingMessage>((resolve) => upload.on("response", resolve));
    upload.write("12345");
    await line(/upload started/);
    upload.end("67890");
    expect((await buffer(await response)).toString()).toBe("10");
  });

  test("ends an aborted body for the app as well, which keeps serving", async () => {
    const { url, line } = await start("basic");
    const upload = request(`${url}/api/count-bytes`, { method: "POST" });
    upload.on("error", () => {});
    upload.write("12345");
    await line(/upload started/);
    upload.destroy();
    await line(/upload aborted/);
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
  });

  test("sends the response to a body that the function does not read", async () => {
    const { url } = await start("basic");
    const response = await fetch(`${url}/api/reject`, { method: "POST", body: randomBytes(8 * 1024 * 1024) });
    expect([response.status, await response.text()]).toEqual([413, "too large"]);
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
  });

  test("reads a body of known length whole before the function starts, whatever its type and method", async () => {
    const { url, lines } = await start("basic");
    const upload = request(`${url}/api/count-bytes`, { method: "POST", headers: { "content-length": 10 } });
    const response = new Promise<IncomingMessage>((resolve) => upload.on("response", resolve));
    upload.write("12345");
    // The host has the first bytes by the time it has responded to a later request.
    expect((await fetch(`${url}/api/log`)).status).toBe(200);
    expect(lines.join()).not.toContain("upload started");
    upload.end("67890");
    expect((await buffer(await response)).toString()).toBe("10");
  });

  test("copies the members of a JSON object of any length into the binding data, at most 64 levels deep", async () => {
    const { url } = await start("basic");
    const describeWith = async (body: string) => {
      const response = await fetch(`${url}/api/describe/a`, { method: "POST", body });
      return ((await response.json()) as { params: object }).params;
    };
    const long = "x".repeat(300_000);
    expect(await describeWith(`{"long":"${long}","list":[1],"none":null}`)).toEqual({ one: "a", long });
    const nested = (levels: number) => `{"a":"1","b":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    expect(await describeWith(nested(60))).toMatchObject({ a: "1" });
    for (const levels of [65, 4_500, 100_000]) expect(await describeWith(nested(levels))).not.toHaveProperty("a");
  });

  test.each([
    ["of known length", { "content-length": "1001" }],
    ["that streams", { "transfer-encoding": "chunked" }],
  ])("responds with an empty 500 to a body %s above FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", async (_, headers) => {
    const { url } = await start("basic", { env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "1000" } });
    const whole = await fetch(`${url}/api/echo`, { method: "POST", body: "x".repeat(1000) });
    expect((await whole.text()).length).toBe(1000);
    const response = await call(`${url}/api/echo`, { method: "POST", headers }, Buffer.alloc(1001));
    expect([response.statusCode, (await buffer(response)).toString()]).toEqual([500, ""]);
  });

  test("sends the whole body before it passes on a response", async () => {
    const { url, line } = await start("basic");
    const upload = request(`${url}/api/reject-early`, { method: "POST" });
    let status: number | undefined;
    const response = new Promise<IncomingMessage>((resolve) => upload.on("response", resolve));
    void response.then(({ statusCode }) => {
      status = statusCode;
    });
    upload.write("1");
    await line(/^rejected early$/);
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
    expect(status).toBeUndefined();
    upload.end("2");
    expect((await response).statusCode).toBe(413);
  });
});
