// Requests that fail before or in the function, on the way to the app, or because the client leaves.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type RunningHost, start } from "./host.fixture.ts";

/** Resolves with the response, and with undefined when the other request is done before it. */
async function firstOf(pending: Promise<Response>, { url }: RunningHost): Promise<Response | undefined> {
  const other = fetch(`${url}/api/head`).then(() => undefined);
  return Promise.race([pending, other]);
}

const status = (pending: Promise<Response>) =>
  pending.then(
    (response) => response.status,
    () => "cut off",
  );

describe("a function that fails", () => {
  test.each([
    ["throws an error", "/api/fail", /Caused by: TypeError: because of this/],
    ["throws a string", "/api/throw-text", /only text/],
    ["returns nothing", "/api/nothing", /returned nothing/],
    [
      "has a query that replaces the headers",
      `/api/head?Headers=${encodeURIComponent('{"a b":"1"}')}`,
      /invalid header/,
    ],
    ["has a query that is a list of headers", "/api/head?Headers=[1]", /^Function head failed/],
  ])("is never answered when it %s: the client waits as in Azure", async (_, path, logged) => {
    const host = await start("basic");
    const pending = fetch(`${host.url}${path}`);
    const ended = status(pending);
    await host.line(logged);
    expect(await firstOf(pending, host)).toBeUndefined();
    await host.kill();
    expect(await ended).toBe("cut off");
  });

  test("causes an empty 500 when the forwarded request times out, and a log of its stack", async () => {
    const { url, line, lines } = await start("basic", { activityTimeout: 2_000 });
    const response = await fetch(`${url}/api/fail`);
    expect([response.status, await response.text()]).toEqual([500, ""]);
    await line(/^Function fail failed \(invocation [0-9a-f-]{36}\):$/);
    expect(lines.join("\n")).toMatch(/Error: it broke\n\s+at .*app\.ts/);
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
  });

  test("cuts off a response that it has begun, when the forwarded request times out", async () => {
    const { url, line } = await start("basic", { activityTimeout: 200 });
    await expect(fetch(`${url}/api/fail-late`).then((response) => response.text())).rejects.toThrow();
    await line(/broke while streaming/);
  });
});

describe("headers", () => {
  async function exchange(port: number, head: string): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    socket.write(Buffer.from(`${head}\r\nConnection: close\r\n\r\n`, "latin1"));
    return (await buffer(socket)).toString("latin1");
  }
  const utf8 = (text: string) => Buffer.from(text).toString("latin1");

  test.each([
    "GET /%00 HTTP/1.1\r\nHost: localhost",
    "GET /api/head HTTP/1.1\r\nHost: a b",
    "GET /api/head HTTP/1.1\r\nHost: a\r\nHost: a",
    "GET /api/head HTTP/1.1\r\nHost: localhost:x",
    "GET /api/head HTTP/1.1\r\nHost: localhost\r\nX-A: \xe9",
    "GET /api/head?\xc3\xa9 HTTP/1.1\r\nHost: localhost",
    "GET * HTTP/1.1\r\nHost: localhost",
  ])("the host rejects the request %j with 400", async (head) => {
    const { port } = await start("basic");
    expect(await exchange(port, head)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each(["localhost:99999", "[::::]", "a!b", ""])(
    "the host responds with 500 to the Host %j, of which .NET makes no Uri",
    async (host) => {
      const { port } = await start("basic");
      expect(await exchange(port, `GET /api/head HTTP/1.1\r\nHost: ${host}`)).toMatch(/^HTTP\/1\.1 500 /);
    },
  );

  test("a Host that is no URL for Node.js fails in the library, so its client waits", async () => {
    const { port, line } = await start("basic", { activityTimeout: 200 });
    expect(await exchange(port, "GET /api/head HTTP/1.1\r\nHost: a.1")).toMatch(/^HTTP\/1\.1 500 /);
    await line(/Failed to parse URL/);
  });

  test("a header that is not ASCII never reaches the app, whose process ends with functionTimeout", async () => {
    const { port, line } = await start("impatient");
    const head = `GET /api/head HTTP/1.1\r\nHost: localhost\r\nX-A: ${utf8("é")}`;
    expect(await exchange(port, head)).toMatch(/^HTTP\/1\.1 500 /);
    await line(/^Function head exceeded functionTimeout/);
  });
});

test("the app's own server rejects an Expect that it does not know with 417", async () => {
  const { port } = await start("basic");
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request({ host: "127.0.0.1", port, path: "/api/head", headers: { expect: "foo" } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on("error", reject)
    .end();
  expect(await promise).toBe(417);
});

test("the app receives the client's headers, and the host's own in place of forwarded ones", async () => {
  const { url } = await start("basic");
  const headers = {
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-proto": "https",
    "x-a": "1",
    "x-ms-invocation-id": "x",
  };
  const response = await fetch(`${url}/api/received?x=1%23`, { headers });
  expect(await response.json()).toMatchObject({
    url: "/api/received?x=1%23",
    headers: {
      "x-a": "1",
      "x-forwarded-for": expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
      "x-forwarded-host": new URL(url).host,
      "x-forwarded-proto": "http",
      "x-ms-invocation-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
    },
  });
});

test("a client that leaves resets the connection to the app, so that a half-read request holds none", async () => {
  const { url, line } = await start("basic");
  const connections = async () => Number(await (await fetch(`${url}/api/connections`)).text());
  const before = await connections();
  const file = join(tmpdir(), `vitae-host-${randomUUID()}`);
  const uploads = Array.from({ length: 5 }, () => {
    const upload = request(`${url}/api/half-read?file=${file}`, { method: "POST" }).on("error", () => {});
    upload.write(Buffer.alloc(256 * 1024));
    return upload;
  });
  await line(/^half read 5$/);
  for (const upload of uploads) upload.destroy();
  await connections();
  writeFileSync(file, "");
  onTestFinished(() => rmSync(file));
  await vi.waitFor(async () => expect(await connections()).toBeLessThanOrEqual(before), 5000);
});

test("the next request is answered after a body that the app has not read", async () => {
  const { url } = await start("basic");
  for (let round = 0; round < 3; round += 1) {
    const response = await fetch(`${url}/api/reject`, { method: "POST", body: new Uint8Array(1_500_000) });
    expect([response.status, await response.text()]).toEqual([413, "too large"]);
    expect((await fetch(`${url}/api/head`)).status).toBe(200);
  }
});

test("a client that leaves during a body of known length starts no function", async () => {
  const { url, lines } = await start("basic");
  const upload = request(`${url}/api/count-bytes`, { method: "POST", headers: { "content-length": 100 } });
  upload.on("error", () => {}).write("1");
  await once(upload, "socket");
  upload.destroy();
  expect((await fetch(`${url}/api/head`)).status).toBe(200);
  expect(lines.join()).not.toContain("upload");
});
