// The client against an HTTP server.
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { listen } from "../local/listen.ts";
import { openClient } from "./client.ts";

const traceId = "a".repeat(32);

async function open(listener: RequestListener) {
  const { port, close } = await listen(createServer(listener), "A deployment");
  onTestFinished(close);
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  return { client: openClient({ api: `http://127.0.0.1:${port}/api`, traceId, timeout: 1_000, pause }), pauses };
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

  const direct = await limitOnce("42");
  expect((await direct.client.call("/v1/visits/verify", { waitForLimit: false })).status).toBe(429);
  expect(direct.pauses).toEqual([]);
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
