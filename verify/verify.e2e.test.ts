// npm run verify against the built bundle with its limits on: it passes, and of a deployment that is wrong in one thing,
// the check for that thing fails and no other.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { Host } from "../local/host/host.ts";
import { breakages } from "./breakages.simulation.ts";
import { type Breakage, startBroken } from "./broken.simulation.ts";
import type { Given, Run } from "./check.ts";
import { checks } from "./checks.ts";
import { openClient } from "./client.ts";
import { type Result, runChecks } from "./runner.ts";

const ALLOWED = "https://www.example.com";
let backend: Backend;
let given: Given;
beforeAll(async () => {
  backend = await startBackend();
  const { commit } = (await (await fetch(`${backend.api}/health`)).json()) as { commit: string };
  given = {
    commit: commit.slice(0, 40),
    "allowed-origin": ALLOWED,
    "refused-origin": "https://elsewhere.example.com",
    production: true,
    workspace: randomUUID(),
  };
});
afterAll(() => backend?.close());

type Wrong = {
  readonly breakage?: Breakage;
  readonly run?: Partial<Run>;
};

let runs = 0;
let shared: Host | undefined;
/** A deployment in which nobody has been counted at this address: Linux has many on loopback, others get a new host. */
async function deployment() {
  runs += 1;
  const linux = process.platform === "linux";
  const start = () => backend.addHost({ RATE_LIMITS: "on" }, [ALLOWED]);
  const host = linux && shared ? shared : await start();
  shared = host;
  return { target: host.url, from: linux ? `127.0.0.${runs + 1}` : undefined };
}

/** All checks, as a caller and from an address that nobody has counted yet. */
async function verify({ breakage, ...wrong }: Wrong): Promise<Result[]> {
  const front = await startBroken({ ...(await deployment()), breakage });
  const token = await backend.token("editor", `verify-${runs}`);
  // Patience is for networks and clouds; order is what counts here.
  const pause = (ms: number) => wait(ms > 5_000 ? 0 : ms / 20);
  const traceId = randomUUID().replaceAll("-", "");
  const client = openClient({ api: `${front.url}/api`, traceId, timeout: 30_000, pause });
  const run: Run = {
    client,
    pause,
    thumbnailWithin: 30_000,
    // The lines that would be in the workspace.
    askWorkspace: async (_, question) => {
      const [id = "none"] = /[0-9a-f]{32}/.exec(question) ?? [];
      return backend.lines.filter((line) => line.includes(id)).length;
    },
    ...wrong.run,
  };
  const now = () => performance.now();
  const results = await runChecks({ checks, run, given: { ...given, token }, now });
  await front.close();
  expect(JSON.stringify(results)).not.toContain(token.slice(-20));
  return results;
}
const unlike = (results: Result[]) => results.filter(({ outcome }) => outcome !== "passed");

it("passes where everything is as it should be", async () => {
  const results = await verify({});
  expect(unlike(results)).toEqual([]);
  expect(results.map(({ name }) => name)).toEqual(checks.map(({ name }) => name));
});

it.each(breakages)("a deployment that %s fails at: %s", async (_, name, breakage) => {
  const [failure, ...others] = unlike(await verify({ breakage }));
  expect(others).toEqual([]);
  expect(failure).toMatchObject({ name, outcome: "failed", fault: { received: expect.stringMatching(/./) } });
});

it("a deployment that makes no thumbnails fails at: images", async () => {
  backend.events.decide(() => "drop");
  const results = await verify({ run: { thumbnailWithin: 500 } });
  backend.events.decide(undefined);
  expect(unlike(results)).toMatchObject([{ name: "images", fault: { received: expect.stringContaining("pending") } }]);
});

it("a deployment whose telemetry does not arrive fails at: telemetry", async () => {
  const asked: string[] = [];
  const askWorkspace = async (_: string, question: string) => asked.push(question) * 0;
  expect(unlike(await verify({ run: { askWorkspace } }))).toMatchObject([{ name: "telemetry" }]);
  expect(asked.length).toBe(30);
});

it("every check has something that breaks it", () => {
  const broken = new Set(breakages.map(([, name]) => name));
  const left = checks.map(({ name }) => name).filter((name) => !broken.has(name));
  // Broken above, by what is no answer of the API.
  expect(left).toEqual(["telemetry"]);
});
