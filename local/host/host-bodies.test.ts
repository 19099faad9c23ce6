// Bodies through the host: whole, as they come, broken off, and those that nobody wants.
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

describe("a body", () => {
  test("of a mebibyte of random bytes comes back as it went, with and without its length known", async () => {
    const { url } = await start("basic");
    const bytes = randomBytes(1024 * 1024);
    for (const headers of [{ "content-length": bytes.length }, { "transfer-encoding": "chunked" }]) {
      const response = await call(`${url}/api/echo`, { method: "POST", headers }, bytes);
      expect((await buffer(response)).equals(bytes)).toBe(true);
    }
  });

  test("that is a JSON object is read for its properties first, as in Azure, and reaches the app all the same", async () => {
    const { url } = await start("basic");
    const body = ` {"Headers":{"x-two":"forged"},"more":"${"ü".repeat(1_000)}"}`;
    for (const headers of [{ "content-length": Buffer.byteLength(body) }, { "transfer-encoding": "chunked" }]) {
      const echoed = await call(`${url}/api/echo`, { method: "POST", headers }, Buffer.from(body));
      expect((await buffer(echoed)).toString()).toBe(body);
      const described = await call(`${url}/api/describe/a`, { method: "POST", headers }, Buffer.from(body));
      const seen = JSON.parse((await buffer(described)).toString()).headers;
      if ("content-length" in headers) expect(seen).toEqual({ "x-two": "forged" });
      else expect(seen).toHaveProperty("x-forwarded-for");
    }
    const bodyOfGet = await call(
      `${url}/api/describe/a`,
      { headers: { "content-length": 14 } },
      Buffer.from('{"headers":""}'),
    );
    expect(JSON.parse((await buffer(bodyOfGet)).toString()).headers).toEqual({});
  });

  test("that its sender breaks off before it is a whole object leaves the host serving", async () => {
    const { url } = await start("basic");
    const upload = request(`${url}/api/echo`, { method: "POST", headers: { "content-length": 100 } });
    upload.on("error", () => {});
    upload.write('{"a":');
    await once(upload, "socket");
    upload.destroy();
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
  });

  test("that is empty comes back empty", async () => {
    const { url } = await start("basic");
    const response = await fetch(`${url}/api/echo`, { method: "POST" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("is streamed to the caller: its first chunk arrives before the last is made", async () => {
    const { url } = await start("basic");
    const file = marker();
    const response = await fetch(`${url}/api/stream?file=${file}`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("first");
    writeFileSync(file, "");
    expect((await reader?.read())?.value).toBe("last");
    expect((await reader?.read())?.done).toBe(true);
  });

  test("is streamed to the app: it reads the first bytes before the last are sent", async () => {
    const { url, line } = await start("basic");
    const upload = request(`${url}/api/count-bytes`, { method: "POST" });
    const answer = new Promise<IncomingMessage>((resolve) => upload.on("response", resolve));
    upload.write("12345");
    await line(/upload begun/);
    upload.end("67890");
    expect((await buffer(await answer)).toString()).toBe("10");
  });

  test("that the caller breaks off ends for the app as well, which goes on serving", async () => {
    const { url, line } = await start("basic");
    const upload = request(`${url}/api/count-bytes`, { method: "POST", headers: { "content-length": 1_000_000 } });
    upload.on("error", () => {});
    upload.write("12345");
    await line(/upload begun/);
    upload.destroy();
    await line(/upload broken off/);
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
  });

  test("that nobody reads does not keep the answer from the caller", async () => {
    const { url } = await start("basic");
    const response = await fetch(`${url}/api/refuse`, { method: "POST", body: randomBytes(8 * 1024 * 1024) });
    expect([response.status, await response.text()]).toEqual([413, "too large"]);
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
  });

  test.each(["refuse", "refuse-later"])(
    "that %s does not want is not taken; its sender gets the answer, then an orderly end",
    async (name) => {
      const { port } = await start("basic");
      const mebibyte = Buffer.alloc(1024 * 1024);
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.write(`POST /api/${name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${100 * mebibyte.length}\r\n\r\n`);
      const answer = buffer(socket);
      for (let sent = 0; sent < 100 && !socket.readableEnded; sent += 1) {
        if (!socket.write(mebibyte)) await Promise.race([once(socket, "drain"), answer]);
      }
      const said = (await answer).toString();
      expect(said).toMatch(/^HTTP\/1\.1 413 .*\r\nconnection: close\r\n.*too large/is);
      expect(socket.bytesWritten - socket.writableLength).toBeLessThan(20 * mebibyte.length);
      socket.destroy();
    },
  );
});
