// The cost brake over HTTP: five instances with a budget of a hundred writes, what each tells, and what is there in the end.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { Host } from "../local/host/host.ts";
import { json, type Numbers } from "./answers.ts";

const BUDGET = 100;
const INSTANCES = 5;
let backend: Backend;

beforeAll(async () => {
  backend = await startBackend({ DAILY_WRITE_BUDGET: String(BUDGET) });
});
afterAll(() => backend.close());

const visit = ({ url }: Host) => json<Numbers>(fetch(`${url}/api/v1/visits/resume`, { method: "POST" }));
const visits = (host: Host, count: number) => Promise.all(Array.from({ length: count }, () => visit(host)));

/** The row as the store has it. */
async function row() {
  const rows = await backend.rows("visits");
  const found = rows.find(({ partitionKey, rowKey }) => partitionKey === "resume" && rowKey === "total");
  return { count: Number(found?.count), dayWrites: Number(found?.dayWrites) };
}

it("holds five instances to the budget together, and the last commit makes the total all visits sent", async () => {
  const others = await Promise.all(Array.from({ length: INSTANCES - 1 }, () => backend.addHost()));
  const hosts = [backend.host, ...others];
  const answers: Numbers[] = [];
  /** Visits until its instance has told it of the brake, and then some more. */
  async function client(host: Host) {
    for (let told = 0; told < 20; ) {
      const answer = await visit(host);
      answers.push(answer);
      if (answer.degraded) told++;
    }
  }
  await Promise.all(hosts.flatMap((host) => [client(host), client(host), client(host)]));
  const exact = answers.filter(({ degraded }) => !degraded);
  expect(new Set(exact.map(({ count }) => count)).size).toBe(exact.length);
  expect(answers.length - exact.length).toBe(INSTANCES * 3 * 20);
  const tripped = await row();
  expect(tripped.dayWrites).toBeGreaterThanOrEqual(BUDGET);
  for (const { degraded, count } of answers) if (degraded) expect(count).toBeLessThanOrEqual(tripped.count);

  await Promise.all(hosts.map((host) => host.close()));
  const { count, dayWrites } = await row();
  expect(count).toBe(answers.length);
  // One late commit of each but the first that told, and one to end with; more only if this took minutes.
  expect(dayWrites).toBeLessThanOrEqual(BUDGET + (INSTANCES - 1) + INSTANCES * 3);
  const events = backend.lines.filter((line) => line.includes('"cost-brake-tripped"')).map((line) => JSON.parse(line));
  expect(events).toHaveLength(INSTANCES);
  for (const event of events) expect(event).toMatchObject({ level: "warn", page: "resume", budget: BUDGET });
});

it("loses with a killed instance what it held, and with one that is ended in order nothing", async () => {
  const before = (await row()).count;
  const killed = await backend.addHost();
  expect(await visits(killed, 10)).toEqual(Array(10).fill(expect.objectContaining({ count: before, degraded: true })));
  await killed.kill();
  const ended = await backend.addHost();
  expect(await visits(ended, 10)).toEqual(Array(10).fill(expect.objectContaining({ count: before, degraded: true })));
  await ended.close();
  expect((await row()).count).toBe(before + 10);
});

it("brakes no other page", async () => {
  const host = await backend.addHost();
  const answer = await json<Numbers>(fetch(`${host.url}/api/v1/visits/projects`, { method: "POST" }));
  expect(answer).toEqual({ page: "projects", count: 1, today: 1 });
});
