// The cost brake over HTTP: three instances with a budget of forty writes, their responses, and the final total.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { Host } from "../local/host/host.ts";
import { json, type PageCount } from "./responses.fixture.ts";

const BUDGET = 40;
const INSTANCES = 3;
/** That a client gets before it stops. */
const DEGRADED = 10;
let backend: Backend;

beforeAll(async () => {
  backend = await startBackend({ DAILY_WRITE_BUDGET: String(BUDGET) });
});
afterAll(() => backend.close());

const visit = ({ url }: Host) => json<PageCount>(fetch(`${url}/api/v1/visits/resume`, { method: "POST" }));
const visits = (host: Host, count: number) => Promise.all(Array.from({ length: count }, () => visit(host)));

/** The row as the store has it. */
async function row() {
  const rows = await backend.rows("visits");
  const found = rows.find(({ partitionKey, rowKey }) => partitionKey === "resume" && rowKey === "total");
  return { count: Number(found?.count), dayWrites: Number(found?.dayWrites) };
}

it("holds three instances to one budget, and has counted every visit after their shutdown", async () => {
  const others = await Promise.all(Array.from({ length: INSTANCES - 1 }, () => backend.addHost()));
  const hosts = [backend.host, ...others];
  const responses: PageCount[] = [];
  async function client(host: Host) {
    for (let degraded = 0; degraded < DEGRADED; ) {
      const response = await visit(host);
      responses.push(response);
      if (response.degraded) degraded++;
    }
  }
  await Promise.all(hosts.flatMap((host) => [client(host), client(host), client(host)]));
  const exact = responses.filter(({ degraded }) => !degraded);
  expect(new Set(exact.map(({ count }) => count)).size).toBe(exact.length);
  expect(responses.length - exact.length).toBe(INSTANCES * 3 * DEGRADED);
  const tripped = await row();
  expect(tripped.dayWrites).toBeGreaterThanOrEqual(BUDGET);
  for (const { degraded, count } of responses) if (degraded) expect(count).toBeLessThanOrEqual(tripped.count);

  await Promise.all(hosts.map((host) => host.close()));
  const { count, dayWrites } = await row();
  expect(count).toBe(responses.length);
  // One late commit of each instance but the first, and one at its shutdown. More only if this took minutes.
  expect(dayWrites).toBeLessThanOrEqual(BUDGET + (INSTANCES - 1) + INSTANCES * 3);
  const events = backend.lines.filter((line) => line.includes('"cost-brake-tripped"')).map((line) => JSON.parse(line));
  expect(events).toHaveLength(INSTANCES);
  for (const event of events) expect(event).toMatchObject({ level: "warn", page: "resume", budget: BUDGET });
});

it("loses the held visits of a killed instance, and none of one that is shut down in order", async () => {
  const before = (await row()).count;
  const killed = await backend.addHost();
  expect(await visits(killed, 10)).toEqual(Array(10).fill(expect.objectContaining({ count: before, degraded: true })));
  await killed.kill();
  const stopped = await backend.addHost();
  expect(await visits(stopped, 10)).toEqual(Array(10).fill(expect.objectContaining({ count: before, degraded: true })));
  await stopped.close();
  expect((await row()).count).toBe(before + 10);
});

it("does not apply the brake of one page to another", async () => {
  const host = await backend.addHost();
  const response = await json<PageCount>(fetch(`${host.url}/api/v1/visits/projects`, { method: "POST" }));
  expect(response).toEqual({ page: "projects", count: 1, today: 1, uniqueToday: 1, counted: true });
});
