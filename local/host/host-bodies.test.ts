// Request and response bodies through the host: streamed, aborted, and rejected before they are read.
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { connect } from "node:net";
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
    const upload = request(`${url}/api/count-bytes`, { method: "POST", headers: { "content-length": 1_000_000 } });
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

  test.each(["reject", "reject-later"])(
    "stops reading a body that the function %s rejects, and sends the response before it closes the connection",
    async (name) => {
      const { port } = await start("basic");
      const mebibyte = Buffer.alloc(1024 * 1024);
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.write(`POST /api/${name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${100 * mebibyte.length}\r\n\r\n`);
      const response = buffer(socket);
      for (let sent = 0; sent < 100 && !socket.readableEnded; sent += 1) {
        if (!socket.write(mebibyte)) await Promise.race([once(socket, "drain"), response]);
      }
      expect((await response).toString()).toMatch(/^HTTP\/1\.1 413 .*\r\nconnection: close\r\n.*too large/is);
      expect(socket.bytesWritten - socket.writableLength).toBeLessThan(20 * mebibyte.length);
      socket.destroy();
    },
  );
});
