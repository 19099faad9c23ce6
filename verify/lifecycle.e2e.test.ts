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

type Load = { readonly code: number | null; readonly confirmed: number; readonly failed: number };

/** Visits from twenty clients, and what ends the start after 200 of them. */
async function endUnderLoad({ child, url }: Start, end: () => void): Promise<Load> {
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
  return { code, confirmed, failed };
}

/** Visits while the cost brake holds their writes, then SIGTERM. */
async function endWithHeldVisits({ child, url }: Start): Promise<Load> {
  const visit = () => json<PageCount>(fetch(visitsOf(url), { method: "POST" }));
  await visit();
  const responses = await Promise.all(Array.from({ length: 30 }, visit));
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  const failed = responses.filter(({ degraded }) => !degraded).length;
  return { code, confirmed: 1 + responses.length - failed, failed };
}

describe("npm start after earlier ones", () => {
  /** By the way in which each earlier start ended: its visits, and the visits that the next start has more. */
  const ends: (Load & { readonly stored: number })[] = [];
  let last: Start;

  beforeAll(async () => {
    const built = await start(["--built"]);
    let before = await total(built.url);
    async function stored(next: Start, load: Load): Promise<void> {
      const after = await total(next.url);
      ends.push({ ...load, stored: after - before });
      before = after;
    }
    const terminated = await endUnderLoad(built, () => built.child.kill("SIGTERM"));
    const sources = await start([]);
    await stored(sources, terminated);
    const interrupted = await endUnderLoad(sources, () => process.kill(-(sources.child.pid as number), "SIGINT"));
    const braked = await start(["--built"], { DAILY_WRITE_BUDGET: "1" });
    await stored(braked, interrupted);
    const held = await endWithHeldVisits(braked);
    last = await start(["--built"], { PAGES: "resume,projects" });
    await stored(last, held);
  });

  it.each(["SIGTERM to npm", "Ctrl-C"])("has every confirmed visit of one that %s ended under load, with 0", (how) => {
    const end = ends[how === "Ctrl-C" ? 1 : 0];
    if (!end) expect.fail("that start did not end");
    expect(end.code).toBe(0);
    expect(end.confirmed).toBeGreaterThanOrEqual(200);
    expect(end.stored).toBeGreaterThanOrEqual(end.confirmed);
    expect(end.stored).toBeLessThanOrEqual(end.confirmed + end.failed);
  });

  it("has the visits that the cost brake held when another one got SIGTERM", () => {
    expect(ends[2]).toEqual({ code: 0, confirmed: 31, failed: 0, stored: 31 });
  });

  it("prints the addresses, the commands and the data dir, and seeds only once", () => {
    const { output, url } = last;
    const text = output.join("\n");
    for (const part of [`${url}/`, `curl -X POST ${url}/api/v1/visits/resume`, "npm run token", dataDir])
      expect(text).toContain(part);
    expect(text).toContain('secret "signing-keys": already exists');
    expect(text).not.toContain("correct horse");
  });

  it("lets npm run seed seed its pages, whatever the PAGES of that shell, until it is killed", async () => {
    const { child, url } = last;
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
