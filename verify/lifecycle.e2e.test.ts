// npm start as a developer uses it: its output, its shutdown under load, and its data after a restart.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json, type PageCount } from "./responses.fixture.ts";

const root = join(import.meta.dirname, "..");
let dataDir: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "vitae-start-"));
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await rm(dataDir, { recursive: true });
});

type Start = { readonly child: ChildProcess; readonly url: string; readonly output: readonly string[] };

/** Runs npm start; resolves when it is ready, with its address and its output so far. */
async function start(args: readonly string[], settings: Record<string, string> = {}): Promise<Start> {
  const child = spawn("npm", ["start", "--silent", "--", ...args], {
    cwd: root,
    env: {
      ...process.env,
      // The test sends more requests than the limits allow.
      RATE_LIMITS: "off",
      ...settings,
      PORT: "0",
      LOCAL_DATA_DIR: dataDir,
      LOCAL_OWNER_PASSWORD: "correct horse battery",
    },
    stdio: ["ignore", "pipe", "inherit"],
    // A process group of its own, so that a signal can reach all its processes, as Ctrl-C does.
    detached: true,
  });
  running.push(child);
  const output: string[] = [];
  for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
    output.push(line);
    const [, url] = /^Ready: (http:\/\/localhost:\d+)$/.exec(line) ?? [];
    if (url) {
      child.stdout?.resume();
      return { child, url, output };
    }
  }
  throw new Error(`npm start ended before it was ready. Its output:\n${output.join("\n")}`);
}

const total = async (url: string) => (await json<PageCount>(fetch(`${url}/api/v1/visits/resume`))).count;

const visitsOf = (url: string) => `${url}/api/v1/visits/resume`;

/** Visits from twenty clients, and what ends the start after 200 of them. */
async function endUnderLoad({ child, url }: Start, end: () => void): Promise<{ confirmed: number; failed: number }> {
  let confirmed = 0;
  let failed = 0;
  let ended = false;
  const clients = Array.from({ length: 20 }, async () => {
    while (!ended) {
      try {
        const { ok } = await fetch(visitsOf(url), { method: "POST" });
        if (ok) confirmed++;
        else failed++;
      } catch {
        // The connection was closed or refused: the visit may have been counted.
        failed++;
        ended = true;
      }
      if (confirmed === 200) end();
    }
  });
  const [code] = await once(child, "exit");
  ended = true;
  await Promise.all(clients);
  expect(code).toBe(0);
  expect(confirmed).toBeGreaterThanOrEqual(200);
  return { confirmed, failed };
}

async function stop({ child }: Start): Promise<void> {
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
}

it("npm start exits with 0 on SIGTERM to npm and on Ctrl-C under load, and has stored every confirmed visit at the next start", async () => {
  let before = 0;
  async function expectStored(next: Start, { confirmed, failed }: { confirmed: number; failed: number }) {
    const after = await total(next.url);
    expect(after - before).toBeGreaterThanOrEqual(confirmed);
    expect(after - before).toBeLessThanOrEqual(confirmed + failed);
    before = after;
  }
  const built = await start(["--built"]);
  before = await total(built.url);
  const terminated = await endUnderLoad(built, () => built.child.kill("SIGTERM"));
  const sources = await start([]);
  await expectStored(sources, terminated);
  const interrupted = await endUnderLoad(sources, () => process.kill(-(sources.child.pid as number), "SIGINT"));
  const last = await start(["--built"]);
  await expectStored(last, interrupted);
  await stop(last);
});

describe("npm start after an earlier one", () => {
  let counted: number;
  let second: Start;

  beforeAll(async () => {
    const first = await start(["--built"], { DAILY_WRITE_BUDGET: "1" });
    const before = await total(first.url);
    const visit = () => json<PageCount>(fetch(visitsOf(first.url), { method: "POST" }));
    await visit();
    const responses = await Promise.all(Array.from({ length: 30 }, visit));
    expect(responses.filter(({ degraded }) => !degraded)).toEqual([]);
    await stop(first);
    second = await start(["--built"], { PAGES: "resume,projects" });
    counted = (await total(second.url)) - before;
  });

  it("has the visits that the cost brake held when the first one got SIGTERM", () => {
    expect(counted).toBe(31);
  });

  it("prints the addresses, the commands and the data dir, and seeds only once", () => {
    const { output, url } = second;
    const text = output.join("\n");
    for (const part of [`${url}/`, `curl -X POST ${url}/api/v1/visits/resume`, "npm run token", dataDir])
      expect(text).toContain(part);
    expect(text).toContain('secret "signing-keys": already exists');
    expect(text).not.toContain("correct horse");
  });

  it("lets npm run seed seed its pages, whatever the PAGES of that shell, until it is killed", async () => {
    const { child, url } = second;
    const env = { ...process.env, TABLES_ENDPOINT: "", PAGES: "resume", LOCAL_DATA_DIR: dataDir };
    const seed = () =>
      promisify(execFile)("npm", ["run", "--silent", "seed", "--", "--start-at", "5000"], { cwd: root, env });
    const { stdout } = await seed();
    expect(stdout).toContain("Pages of the running npm start: resume, projects (not PAGES=resume of this shell");
    expect(stdout).toMatch(/^visits of "projects": raised to 5000$/m);
    expect((await json<PageCount>(fetch(`${url}/api/v1/visits/projects`))).count).toBe(5_000);

    process.kill(-(child.pid as number), "SIGKILL");
    await once(child, "exit");
    await expect(seed()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^No npm start is running with its data in .*\n$/),
    });
  });
});
