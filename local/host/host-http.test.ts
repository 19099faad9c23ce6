// HTTP through the host: what the app receives, and what the client receives.
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { fixture, start } from "./host.fixture.ts";

function call(url: string, options: RequestOptions = {}, body?: Buffer | string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, options).on("response", resolve).on("error", reject).end(body);
  });
}

describe("the request of a function", () => {
  test("has the client's method, parameters, query, headers, address and trace", async () => {
    const { url } = await start("basic");
    const response = await call(`${url}/api/describe/a%20b/c/d?x=1&x=2`, {
      method: "POST",
      headers: {
        "X-Forwarded-For": "203.0.113.9",
        "X-Two": ["one", "two"],
        Cookie: ["a=1", "b=2"],
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      },
    });
    const received = JSON.parse((await buffer(response)).toString());
    expect(received).toMatchObject({
      method: "POST",
      url: `${url}/api/describe/a%20b/c/d?x=1&x=2`,
      // The query is among the parameters in Azure too: http-metadata.ts
      params: { one: "a b", rest: "c/d", x: "2" },
      query: [
        ["x", "1"],
        ["x", "2"],
      ],
      headers: { "x-two": "one,two", cookie: "a=1; b=2", "x-forwarded-proto": "http" },
    });
    expect(received.headers["x-forwarded-for"]).toMatch(/^203\.0\.113\.9, (127\.0\.0\.1|\[::1\]):\d+$/);
    expect(received.traceContext.traceParent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-/);
    expect(response.headers["x-ms-invocation-id"]).toBe(received.invocationId);
  });

  test("gets a new trace when the client sends none", async () => {
    const { url } = await start("basic");
    const bodies = await Promise.all(
      [1, 2].map(() => fetch(`${url}/api/describe/a`).then((response) => response.json())),
    );
    const [one, two] = bodies.map(
      (body) => (body as { traceContext: { traceParent: string } }).traceContext.traceParent,
    );
    expect(one).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(one).not.toBe(two);
  });

  test("arrives over IPv4 and over IPv6", async () => {
    const { port } = await start("basic");
    for (const host of ["127.0.0.1", "[::1]"])
      expect((await fetch(`http://${host}:${port}/api/head`)).status).toBe(200);
  });
});

describe("the response to a client", () => {
  test("keeps several cookies, headers and values", async () => {
    const { url } = await start("basic");
    const { headers } = await fetch(`${url}/api/cookies`);
    expect(headers.getSetCookie()).toEqual(["a=1; HttpOnly", "b=2"]);
    expect(headers.get("x-list")).toBe("one, two");
    expect([...headers.keys()].filter((name) => name.startsWith("x-many-"))).toHaveLength(60);
  });

  test("has headers and no body for HEAD", async () => {
    const { url } = await start("basic");
    const response = await fetch(`${url}/api/head`, { method: "HEAD" });
    expect([response.status, response.headers.get("x-method"), await response.text()]).toEqual([200, "HEAD", ""]);
  });

  test("is an empty 404 for an unknown path, a wrong method, HEAD of a GET function, and a value that is no GUID", async () => {
    const { url } = await start("basic");
    const requests = [
      ["GET", "/api/unknown"],
      ["PUT", "/api/log"],
      ["HEAD", "/api/log"],
      ["GET", "/api/items/7"],
      ["GET", "/"],
    ];
    for (const [method = "", path] of requests) {
      const response = await fetch(`${url}${path}`, { method });
      expect([path, response.status, await response.text(), response.headers.get("content-type")]).toEqual([
        path,
        404,
        "",
        null,
      ]);
    }
  });

  test("comes from the first function by name whose route matches", async () => {
    const { url, functions } = await start("basic");
    expect(await (await fetch(`${url}/api/images/usage`)).text()).toBe("read usage");
    const names = functions.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
  });
});

test("the host logs each line of the app unchanged", async () => {
  const { url, line, lines } = await start("basic");
  await fetch(`${url}/api/log`);
  await line(/^printed$/);
  await line(/^lines$/);
  expect(lines).toEqual(expect.arrayContaining(['{"level":"info"}', "two", "lines", "printed"]));
  expect(lines.join()).not.toContain("not shown");
});

test("the host logs a trigger that it does not support with its function, and runs the others", async () => {
  const { line } = await start("basic");
  await line(/^Function queue-watcher never runs here: the local host does not support serviceBusTrigger/);
});

test("the host applies CORS to preflights and to other responses below the route prefix only", async () => {
  const { url } = await start("basic", { cors: ["https://me.example"] });
  const headers = { origin: "https://me.example", "access-control-request-method": "PUT" };
  const preflight = await call(`${url}/api/head`, { method: "OPTIONS", headers });
  expect([preflight.statusCode, preflight.headers["access-control-allow-methods"]]).toEqual([204, "PUT"]);
  const response = await call(`${url}/api/head`, { headers });
  expect(response.headers["access-control-allow-origin"]).toBe("https://me.example");
  expect(response.headers["access-control-expose-headers"]).toBeUndefined();
  const outside = await call(`${url}/admin/functions/head`, { method: "OPTIONS", headers });
  expect(outside.headers["access-control-allow-origin"]).toBeUndefined();
  const other = await call(`${url}/api/unknown`, { headers: { origin: "https://you.example" } });
  expect(other.headers["access-control-allow-origin"]).toBeUndefined();
});

describe("the site", () => {
  test("is served at / with content types", async () => {
    const { url } = await start("basic", { site: fixture("site") });
    const index = await fetch(url);
    expect(index.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(index.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await index.text()).toContain("<title>site</title>");
    expect((await fetch(`${url}/a.js`)).headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  test("responds with 404 to paths outside its folder, listings, hidden files and paths under the route prefix", async () => {
    const { url, port } = await start("basic", { site: fixture("site") });
    const paths = [
      "/../basic/app.ts",
      "/%2e%2e/basic/app.ts",
      "/..%2fbasic/app.ts",
      "/.hidden/key",
      "/.hidden",
      "/a.js/",
      "/api/a.js",
      "/x%5c..%5ca.js",
    ];
    for (const path of paths) {
      const { statusCode } = await call(url, { port, path });
      expect([path, statusCode]).toEqual([path, 404]);
    }
    const posted = await fetch(`${url}/v1/visits/resume`, { method: "POST" });
    expect([posted.status, await posted.text()]).toEqual([404, expect.stringContaining("The API is below /api/")]);
  });
});
