// npm start as a developer uses it: its output, its shutdown under load, and its data after a restart.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
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

/** Runs npm start; resolves when it is ready, with its address and its output so far. */
async function start(args: readonly string[], settings: Record<string, string> = {}) {
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

it.each<[string, string[], (child: ChildProcess) => void]>([
  ["SIGTERM to npm", ["--built"], (child) => child.kill("SIGTERM")],
  ["Ctrl-C", [], ({ pid }) => process.kill(-(pid as number), "SIGINT")],
])(
  "npm start exits with 0 on %s under load, and has stored every confirmed visit at the next start",
  async (_, args, end) => {
    const first = await start(args);
    const before = await total(first.url);
    let confirmed = 0;
    let failed = 0;
    let ended = false;
    const clients = Array.from({ length: 20 }, async () => {
      while (!ended) {
        try {
          const { ok } = await fetch(`${first.url}/api/v1/visits/resume`, { method: "POST" });
          if (ok) confirmed++;
          else failed++;
        } catch {
          // The connection was closed or refused: the visit may have been counted.
          failed++;
          ended = true;
        }
        if (confirmed === 200) end(first.child);
      }
    });
    const [code] = await once(first.child, "exit");
    ended = true;
    await Promise.all(clients);
    expect(code).toBe(0);
    expect(confirmed).toBeGreaterThanOrEqual(200);

    const second = await start(args);
    const counted = (await total(second.url)) - before;
    expect(counted).toBeGreaterThanOrEqual(confirmed);
    expect(counted).toBeLessThanOrEqual(confirmed + failed);
    second.child.kill("SIGTERM");
    expect((await once(second.child, "exit"))[0]).toBe(0);
  },
);

it("npm start commits the visits held by the cost brake on SIGTERM", async () => {
  const first = await start(["--built"], { DAILY_WRITE_BUDGET: "1" });
  const before = await total(first.url);
  const visit = () => json<PageCount>(fetch(`${first.url}/api/v1/visits/resume`, { method: "POST" }));
  await visit();
  const responses = await Promise.all(Array.from({ length: 30 }, visit));
  expect(responses.filter(({ degraded }) => !degraded)).toEqual([]);
  first.child.kill("SIGTERM");
  expect((await once(first.child, "exit"))[0]).toBe(0);

  const second = await start(["--built"]);
  expect((await total(second.url)) - before).toBe(31);
  second.child.kill("SIGTERM");
  expect((await once(second.child, "exit"))[0]).toBe(0);
});

it("npm start prints the addresses, the commands and the data dir, and seeds only once", async () => {
  const { child, url, output } = await start(["--built"]);
  const text = output.join("\n");
  for (const part of [`${url}/`, `curl -X POST ${url}/api/v1/visits/resume`, "npm run token", dataDir])
    expect(text).toContain(part);
  expect(text).toContain('secret "signing-keys": already exists');
  expect(text).not.toContain("correct horse");
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
});

it("npm run seed seeds the pages of the running start, whatever the PAGES of its own shell", async () => {
  const { child, url } = await start(["--built"], { PAGES: "resume,projects" });
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
