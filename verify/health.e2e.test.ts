// What the health routes say while stores come and go, and how little asking them costs.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { containers, tables } from "../functions/lib/names.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type FaultProxy, startFaultProxy } from "../local/fault-proxy.fixture.ts";
import { type ErrorBody, json } from "./responses.fixture.ts";

type Readiness = {
  status: string;
  dependencies: Record<"tables" | "blobs" | "vault", { status: string; latencyMs: number }>;
};

const root = join(import.meta.dirname, "..");
let backend: Backend;
let vaultProxy: FaultProxy;
let api: string;

beforeAll(async () => {
  backend = await startBackend();
  const { certificate, env } = backend.services;
  vaultProxy = await startFaultProxy({ target: env.VAULT_URI as string, certificate });
});
// A new app has no answer kept.
beforeEach(async () => {
  for (const proxy of [backend.proxy, backend.blobProxy, vaultProxy]) proxy.decide(undefined);
  api = `${(await backend.addHost({ VAULT_URI: vaultProxy.url })).url}/api`;
});
afterAll(async () => {
  await backend?.close();
  await vaultProxy?.close();
});

const ask = () => fetch(`${api}/health/ready`);
/** The first answer with this status: the first checks of an app on a busy machine can take longer than they may. */
async function eventually(status: number): Promise<Response> {
  for (;;) {
    const answer = await ask();
    if (answer.status === status) return answer;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
const up = { status: "up", latencyMs: expect.any(Number) };
const down = { status: "down", latencyMs: expect.any(Number) };

it("the package says its version, and the commit it was built from", async () => {
  const { name, version, gitHead } = JSON.parse(readFileSync(join(backend.app, "package.json"), "utf8"));
  expect(await (await fetch(`${api}/health`)).json()).toEqual({ name, version, commit: gitHead });
  expect(version).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
  if (existsSync(join(root, ".git"))) {
    const commit = gitHead.replace(/-dirty$/, "");
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(execFileSync("git", ["cat-file", "-t", commit], { cwd: root, encoding: "utf8" })).toBe("commit\n");
  }
});

it("is ready when tables, blobs and vault answer", async () => {
  const answer = await eventually(200);
  expect(await answer.json()).toEqual({ status: "ok", dependencies: { tables: up, blobs: up, vault: up } });
});

it.each([
  ["tables", () => backend.proxy],
  ["blobs", () => backend.blobProxy],
  ["vault", () => vaultProxy],
] as const)(
  "names %s when they do not answer in time, within the limit, and is live all the same",
  async (name, at) => {
    // Called, and never answered.
    at().decide(() => ({ kind: "swallow" }));
    const answer = await ask();
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    const { error, status, dependencies } = await json<ErrorBody & Readiness>(answer);
    expect(error).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", trace_id: answer.headers.get("x-trace-id") });
    expect(status).toBe("down");
    expect(dependencies[name]).toEqual(down);
    expect(dependencies[name].latencyMs).toBeGreaterThan(1_900);
    expect(JSON.stringify({ ...error, trace_id: "" })).not.toMatch(/127\.0\.0\.1|devstoreaccount|signing|Timeout/);
    expect(backend.lines.findLast((line) => line.includes("dependency-down"))).toContain(`"dependency":"${name}"`);
    expect((await fetch(`${api}/health/live`)).status).toBe(200);
  },
);

it("asks the vault itself: one that went away after its keys were read is down, though tokens are still known", async () => {
  const token = await backend.token("owner");
  const image = `${api}/v1/images/${crypto.randomUUID()}`;
  const authorized = () => fetch(image, { headers: { authorization: `Bearer ${token}` } });
  expect((await authorized()).status).toBe(404);
  await eventually(200);
  await vaultProxy.stop();
  expect((await json<Readiness>(eventually(503))).dependencies).toMatchObject({ tables: up, vault: down });
  expect((await authorized()).status).toBe(404);
  await vaultProxy.start();
  await eventually(200);
});

it("asks no store again for whoever asks within five seconds", async () => {
  await eventually(200);
  const calls = () => backend.proxy.calls() + backend.blobProxy.calls() + vaultProxy.calls();
  const before = calls();
  const began = performance.now();
  for (let asked = 0; asked < 20; asked++) await Promise.all(Array.from({ length: 25 }, ask));
  const rounds = Math.ceil((performance.now() - began) / 5_000);
  // One call for each table and container, and one for the keys.
  const round = Object.keys(tables).length + Object.keys(containers).length + 1;
  expect(calls() - before).toBeLessThanOrEqual(round * rounds);
});
