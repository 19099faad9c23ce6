// The client against an HTTP server.
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { listen } from "../local/listen.ts";
import { openClient } from "./client.ts";

const traceId = "a".repeat(32);

async function open(listener: RequestListener, simultaneous = 1) {
  const { port, close } = await listen(createServer(listener), "A deployment");
  onTestFinished(close);
  const pauses: number[] = [];
  // Ends when as many requests wait as the test expects.
  const { promise: allWait, resolve: end } = Promise.withResolvers<void>();
  const pause = (ms: number) => {
    if (pauses.push(ms) >= simultaneous) end();
    return allWait;
  };
  let clock = 0;
  const now = () => (clock += 1_000);
  const onWait = (wait: object) => void waits.push(wait);
  const waits: object[] = [];
  const client = openClient({ api: `http://127.0.0.1:${port}/api`, traceId, timeout: 1_000, pause, now, onWait });
  return { client, pauses, waits };
}

it("sends the run's trace id to paths and to URLs", async () => {
  const requests: (IncomingMessage["headers"][string] | undefined)[] = [];
  const { client } = await open((request, response) => {
    requests.push(request.url, request.headers["x-trace-id"]);
    response.end("yes");
  });
  expect((await client.call("/health")).text).toBe("yes");
  await client.call(`${client.origin}/docs?sig=secret`);
  expect(requests).toEqual(["/api/health", traceId, "/docs?sig=secret", traceId]);
});

const limitOnce = (after: string) => {
  let count = 0;
  return open((_, response) => {
    count += 1;
    response.writeHead(count === 1 ? 429 : 200, { "retry-after": after }).end();
  });
};

it("retries a 429 once after Retry-After, unless waitForLimit is false", async () => {
  const waiting = await limitOnce("42");
  expect((await waiting.client.call("/v1/visits/verify")).status).toBe(200);
  expect(waiting.pauses).toEqual([42_000]);
  expect(waiting.waits).toEqual([{ what: "GET /api/v1/visits/verify", seconds: 42 }]);
  expect(waiting.client.waited()).toBe(1_000);

  const direct = await limitOnce("42");
  expect((await direct.client.call("/v1/visits/verify", { waitForLimit: false })).status).toBe(429);
  expect([direct.pauses, direct.waits, direct.client.waited()]).toEqual([[], [], 0]);
});

it("reports simultaneous waits once, and counts their time once", async () => {
  let count = 0;
  const { client, pauses, waits } = await open((_, response) => {
    count += 1;
    response.writeHead(count <= 3 ? 429 : 200, { "retry-after": "42" }).end();
  }, 3);
  await Promise.all([1, 2, 3].map(() => client.call("/v1/visits/verify")));
  expect([pauses.length, waits.length, client.waited()]).toEqual([3, 1, 1_000]);
});

it.each(["3600", "soon"])("does not retry after a Retry-After of %s", async (after) => {
  const { client, pauses } = await limitOnce(after);
  expect((await client.call("/v1/visits/verify")).status).toBe(429);
  expect(pauses).toEqual([]);
});

it("reports a request without response, without its query", async () => {
  const hanging = await open(() => {});
  await expect(hanging.client.call("/health?sig=secret")).rejects.toThrow(
    /^expected a response to GET \/api\/health within 1 s; received .*timeout/,
  );
  const closing = await open((request) => request.socket.destroy());
  await expect(closing.client.call("/health")).rejects.toThrow(/received (?:UND_ERR_SOCKET|ECONNRESET)/);
});
