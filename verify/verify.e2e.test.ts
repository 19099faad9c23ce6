// The checks against the built bundle with rate limits: all pass, and for each defect exactly the check of that defect
// fails.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { Host } from "../local/host/host.ts";
import { breakages } from "./breakages.fixture.ts";
import { type Breakage, type Exchange, startBroken } from "./broken-deployment.fixture.ts";
import type { Check, CheckContext, CheckInput } from "./check.ts";
import { checks } from "./checks.ts";
import { openClient } from "./client.ts";
import { type Result, runChecks } from "./runner.ts";

const ALLOWED = "https://www.example.com";
let backend: Backend;
let input: CheckInput;
beforeAll(async () => {
  backend = await startBackend();
  const { commit } = (await (await fetch(`${backend.api}/health`)).json()) as { commit: string };
  input = {
    commit: commit.slice(0, 40),
    "allowed-origin": ALLOWED,
    "rejected-origin": "https://elsewhere.example.com",
    production: true,
    workspace: randomUUID(),
  };
});
afterAll(() => backend?.close());

type Options = {
  readonly breakage?: Breakage;
  /** @default all */
  readonly only?: readonly Check[];
  readonly context?: Partial<CheckContext>;
};

let runs = 0;
let shared: Host | undefined;
/** A deployment whose limits do not know this address: Linux has many loopback addresses, others need a new host. */
async function deployment() {
  runs += 1;
  const linux = process.platform === "linux";
  // All runs sign in to one account, which has a limit of its own.
  const start = () => backend.addHost({ RATE_LIMITS: "on", RATE_LIMIT_SECRET: "1000" }, [ALLOWED]);
  const host = linux && shared ? shared : await start();
  shared = host;
  // On a busy machine the first probe of a new host may exceed its timeout.
  const isReady = async () => (await fetch(`${host.url}/api/health/ready`)).ok;
  await expect.poll(isReady, { timeout: 30_000 }).toBe(true);
  return { target: host.url, from: linux ? `127.0.0.${runs + 1}` : undefined };
}

/** Runs the checks as a new subject from a new address. */
async function verify({ breakage, only = checks, context }: Options = {}): Promise<Result[]> {
  const front = await startBroken({ ...(await deployment()), breakage });
  const needsToken = only.some(({ needs }) => needs.includes("token"));
  const token = needsToken ? await backend.token("editor", `verify-${runs}`) : undefined;
  // Pauses matter for a cloud only.
  const pause = (ms: number) => wait(ms > 5_000 ? 0 : ms / 20);
  const traceId = randomUUID().replaceAll("-", "");
  const client = openClient({ api: `${front.url}/api`, traceId, timeout: 30_000, pause, now: () => performance.now() });
  const defaults: CheckContext = {
    client,
    pause,
    thumbnailTimeout: 30_000,
    // The log lines that a workspace would receive.
    queryWorkspace: async (_, query) => {
      const [id = "none"] = /[0-9a-f]{32}/.exec(query) ?? [];
      return backend.lines.filter((line) => line.includes(id)).length;
    },
  };
  const now = () => performance.now();
  const results = await runChecks({
    checks: only,
    context: { ...defaults, ...context },
    input: { ...input, ...(token && { token }), account: backend.owner },
    now,
  });
  await front.close();
  for (const secret of [token?.slice(-20), backend.owner.password])
    if (secret) expect(JSON.stringify(results)).not.toContain(secret);
  return results;
}
const notPassed = (results: Result[]) => results.filter(({ outcome }) => outcome !== "passed");

type Recorded = { readonly check: Check; readonly exchange: Exchange };

/** Runs all checks against a correct deployment, and returns its exchanges by the check that sent them. */
async function runCorrect() {
  const exchanges: Recorded[] = [];
  let current: Check | undefined;
  const recorded = checks.map((check) => ({
    ...check,
    run: (...args: Parameters<Check["run"]>) => {
      current = check;
      return check.run(...args);
    },
  }));
  const record: Breakage = (exchange) => {
    if (current) exchanges.push({ check: current, exchange });
    return undefined;
  };
  return { results: await verify({ only: recorded, breakage: record }), exchanges };
}
let running: ReturnType<typeof runCorrect> | undefined;
const correct = () => (running ??= runCorrect());

/** The checks that receive other responses from the broken deployment than from the correct one, where they pass. */
async function checksThatNotice(breakage: Breakage): Promise<Check[]> {
  const noticing = new Set<Check>();
  for (const { check, exchange } of (await correct()).exchanges) {
    const repeat = async () => {
      noticing.add(check);
      return exchange.response;
    };
    if (await breakage({ ...exchange, repeat })) noticing.add(check);
  }
  return [...noticing];
}

it("passes a correct deployment", async () => {
  const { results } = await correct();
  expect(notPassed(results)).toEqual([]);
  expect(results.map(({ name }) => name)).toEqual(checks.map(({ name }) => name));
});

it.each(breakages)('a deployment that %s fails only the check "%s"', async (_, name, breakage) => {
  const results = await verify({ breakage, only: await checksThatNotice(breakage) });
  expect(notPassed(results)).toMatchObject([
    { name, outcome: "failed", failure: { received: expect.stringMatching(/./) } },
  ]);
});

it('a deployment that renders no thumbnails fails only the check "images"', async () => {
  backend.events.decide(() => "drop");
  const results = await verify({ context: { thumbnailTimeout: 500 } });
  backend.events.decide(undefined);
  expect(notPassed(results)).toMatchObject([
    { name: "images", failure: { received: expect.stringContaining("pending") } },
  ]);
});

it('a deployment without telemetry fails only the check "telemetry"', async () => {
  const queries: string[] = [];
  const queryWorkspace = async (_: string, query: string) => queries.push(query) * 0;
  expect(notPassed(await verify({ context: { queryWorkspace } }))).toMatchObject([{ name: "telemetry" }]);
  expect(queries.length).toBe(30);
});

it("every check has a defect that fails it", () => {
  const broken = new Set(breakages.map(([, name]) => name));
  const unbroken = checks.map(({ name }) => name).filter((name) => !broken.has(name));
  // The test above breaks it, outside the API.
  expect(unbroken).toEqual(["telemetry"]);
});
