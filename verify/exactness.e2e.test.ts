// Promise 1 over HTTP: a visit with a number is counted once, under faults and with several instances.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { Fault } from "../local/fault-proxy.fixture.ts";
import { type ErrorBody, json, type PageCount } from "./responses.fixture.ts";

type Tally = { counts: number[]; errors: { status: number; code: string; retryAfter: string | null }[] };

let backend: Backend;
let before: PageCount;

beforeAll(async () => {
  backend = await startBackend();
});
beforeEach(async () => {
  backend.proxy.decide(undefined);
  before = await read();
});
afterAll(() => backend.close());

function read(): Promise<PageCount> {
  return json(fetch(`${backend.api}/v1/visits/resume`));
}

/** Several clients at once; each sends its visits one after the other. */
async function visit(urls: readonly string[], { clients, visits }: { clients: number; visits: number }) {
  const tally: Tally = { counts: [], errors: [] };
  async function client(index: number) {
    const url = `${urls[index % urls.length]}/api/v1/visits/resume`;
    for (let visit = 0; visit < visits; visit++) {
      const response = await fetch(url, { method: "POST" });
      if (response.ok) tally.counts.push((await json<PageCount>(response)).count);
      else {
        const { error } = await json<ErrorBody>(response);
        tally.errors.push({
          status: response.status,
          code: error.code,
          retryAfter: response.headers.get("retry-after"),
        });
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  return tally;
}

/** PageCount are distinct. Every visit with a number is counted; those with an error may be. */
async function expectExact({ counts, errors }: Tally) {
  const after = await read();
  const counted = after.count - before.count;
  expect(new Set(counts).size).toBe(counts.length);
  expect(counted).toBeGreaterThanOrEqual(counts.length);
  expect(counted).toBeLessThanOrEqual(counts.length + errors.length);
  expect(Math.max(...counts)).toBeLessThanOrEqual(after.count);
  // The test may run across midnight, when `today` starts again.
  if (after.today >= before.today) expect(after.today - before.today).toBe(counted);
}

it("counts every visit once with four instances on one table", async () => {
  const hosts = await Promise.all([backend.addHost(), backend.addHost(), backend.addHost()]);
  const urls = [backend.host, ...hosts].map(({ url }) => url);
  const tally = await visit(urls, { clients: 32, visits: 15 });
  expect(tally.errors).toEqual([]);
  await expectExact(tally);
  await Promise.all(hosts.map((host) => host.close()));
});

it("counts every visit with a number once while the table throttles, resets and loses responses", async () => {
  const faults: (Fault | undefined)[] = [
    { kind: "reset-after" },
    { kind: "status", status: 429, retryAfter: 0 },
    undefined,
    { kind: "reset-before" },
    { kind: "delay", ms: 40 },
    { kind: "status", status: 503 },
    { kind: "reset-after" },
    undefined,
  ];
  backend.proxy.decide(({ ordinal }) => faults[ordinal % faults.length]);
  const tally = await visit([backend.host.url], { clients: 20, visits: 20 });
  backend.proxy.decide(undefined);
  expect(tally.counts.length).toBeGreaterThan(0);
  await expectExact(tally);
});

it("counts a visit once after the response of its write is lost", async () => {
  let swallowed = 0;
  backend.proxy.decide(({ method }) => (method !== "GET" && swallowed++ === 0 ? { kind: "swallow" } : undefined));
  const tally = await visit([backend.host.url], { clients: 10, visits: 1 });
  expect(swallowed).toBeGreaterThan(0);
  expect(tally.errors).toEqual([]);
  await expectExact(tally);
});

it("returns 503 with Retry-After while the table is down, and counts again without a restart", async () => {
  await backend.proxy.stop();
  const { counts, errors } = await visit([backend.host.url], { clients: 5, visits: 1 });
  expect(counts).toEqual([]);
  expect(errors).toEqual(Array(5).fill({ status: 503, code: "DEPENDENCY_UNAVAILABLE", retryAfter: "5" }));
  const readiness = await fetch(`${backend.api}/health/ready`);
  expect(readiness.status).toBe(503);
  expect((await fetch(`${backend.api}/health/live`)).status).toBe(200);
  await backend.proxy.start();
  const tally = await visit([backend.host.url], { clients: 5, visits: 1 });
  expect(tally.errors).toEqual([]);
  await expectExact(tally);
});
