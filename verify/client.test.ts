// The client of verify against a real server: the trace id, patience with limits, and what it says when nobody answers.
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { listen } from "../local/listen.ts";
import { openClient } from "./client.ts";

const traceId = "a".repeat(32);

async function open(answer: RequestListener) {
  const { port, close } = await listen(createServer(answer), "A deployment");
  onTestFinished(close);
  const waited: number[] = [];
  const pause = async (ms: number) => void waited.push(ms);
  return { client: openClient({ api: `http://127.0.0.1:${port}/api`, traceId, timeout: 1_000, pause }), waited };
}

it("sends the run's trace id, below the API or to a whole address", async () => {
  const seen: (IncomingMessage["headers"][string] | undefined)[] = [];
  const { client } = await open((request, response) => {
    seen.push(request.url, request.headers["x-trace-id"]);
    response.end("yes");
  });
  expect((await client.call("/health")).text).toBe("yes");
  await client.call(`${client.origin}/docs?sig=secret`);
  expect(seen).toEqual(["/api/health", traceId, "/docs?sig=secret", traceId]);
});

const refusedOnce = (after: string) => {
  let asked = 0;
  return open((_, response) => {
    asked += 1;
    response.writeHead(asked === 1 ? 429 : 200, { "retry-after": after }).end();
  });
};

it("comes back when a limit says so, once, unless the limit is what it looks for", async () => {
  const patient = await refusedOnce("42");
  expect((await patient.client.call("/v1/visits/verify")).status).toBe(200);
  expect(patient.waited).toEqual([42_000]);

  const curious = await refusedOnce("42");
  expect((await curious.client.call("/v1/visits/verify", { patient: false })).status).toBe(429);
  expect(curious.waited).toEqual([]);
});

it.each(["3600", "soon"])("does not wait for a limit that says %s", async (after) => {
  const { client, waited } = await refusedOnce(after);
  expect((await client.call("/v1/visits/verify")).status).toBe(429);
  expect(waited).toEqual([]);
});

it("says what did not answer, without its query", async () => {
  const silent = await open(() => {});
  await expect(silent.client.call("/health?sig=secret")).rejects.toThrow(
    /^expected an answer to GET \/api\/health within 1 s; received .*timeout/,
  );
  const rude = await open((request) => request.socket.destroy());
  await expect(rude.client.call("/health")).rejects.toThrow(/received (?:UND_ERR_SOCKET|ECONNRESET)/);
});
