// Promise 1 over HTTP: a visit answered with a number is counted once, in trouble, among instances, across a restart.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { Fault } from "../local/fault-proxy.fixture.ts";
import { type Failure, json, type Numbers } from "./answers.ts";

type Tally = { counts: number[]; errors: { status: number; code: string; retryAfter: string | null }[] };

let backend: Backend;
let before: Numbers;

beforeAll(async () => {
  backend = await startBackend();
});
beforeEach(async () => {
  backend.proxy.decide(undefined);
  before = await read();
});
afterAll(() => backend.close());

function read(): Promise<Numbers> {
  return json(fetch(`${backend.api}/v1/visits/resume`));
}

/** `clients` at a time, each `visits` one after the other. */
async function visit(urls: readonly string[], { clients, visits }: { clients: number; visits: number }) {
  const tally: Tally = { counts: [], errors: [] };
  async function client(index: number) {
    const url = `${urls[index % urls.length]}/api/v1/visits/resume`;
    for (let visit = 0; visit < visits; visit++) {
      const answer = await fetch(url, { method: "POST" });
      if (answer.ok) tally.counts.push((await json<Numbers>(answer)).count);
      else {
        const { error } = await json<Failure>(answer);
        tally.errors.push({ status: answer.status, code: error.code, retryAfter: answer.headers.get("retry-after") });
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  return tally;
}

/** Numbers are distinct; what was counted is what was answered, plus at most what was answered with an error. */
async function expectExact({ counts, errors }: Tally) {
  const after = await read();
  const counted = after.count - before.count;
  expect(new Set(counts).size).toBe(counts.length);
  expect(counted).toBeGreaterThanOrEqual(counts.length);
  expect(counted).toBeLessThanOrEqual(counts.length + errors.length);
  expect(Math.max(...counts)).toBeLessThanOrEqual(after.count);
  // The test may run across midnight, when today begins anew.
  if (after.today >= before.today) expect(after.today - before.today).toBe(counted);
}

it("holds for four instances on one table", async () => {
  const hosts = await Promise.all([backend.addHost(), backend.addHost(), backend.addHost()]);
  const urls = [backend.host, ...hosts].map(({ url }) => url);
  const tally = await visit(urls, { clients: 32, visits: 15 });
  expect(tally.errors).toEqual([]);
  await expectExact(tally);
  await Promise.all(hosts.map((host) => host.close()));
});

it("holds while the store throttles, resets, and loses the answers of writes", async () => {
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

it("holds when an answer is swallowed: the visit waits, and is counted once", async () => {
  let swallowed = 0;
  backend.proxy.decide(({ method }) => (method !== "GET" && swallowed++ === 0 ? { kind: "swallow" } : undefined));
  const tally = await visit([backend.host.url], { clients: 10, visits: 1 });
  expect(swallowed).toBeGreaterThan(0);
  expect(tally.errors).toEqual([]);
  await expectExact(tally);
});

it("answers 503 with Retry-After while the store is down, and counts again without a restart", async () => {
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
