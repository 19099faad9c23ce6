// npm start as a person uses it: it says where to look, ends in order under load, and finds its data again.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
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

/** Runs an npm script; resolves once it says it is ready, with its address and all it said so far. */
async function start(args: readonly string[], settings: Record<string, string> = {}) {
  const child = spawn("npm", ["start", "--silent", "--", ...args], {
    cwd: root,
    env: {
      ...process.env,
      // Its load is more than a person makes.
      RATE_LIMITS: "off",
      ...settings,
      PORT: "0",
      LOCAL_DATA_DIR: dataDir,
      LOCAL_OWNER_PASSWORD: "correct horse battery",
    },
    stdio: ["ignore", "pipe", "inherit"],
    // Its own process group, so that a signal can go to all of it, as Ctrl-C does.
    detached: true,
  });
  running.push(child);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
    said.push(line);
    const [, url] = /^Ready: (http:\/\/localhost:\d+)$/.exec(line) ?? [];
    if (url) {
      child.stdout?.resume();
      return { child, url, said };
    }
  }
  throw new Error(`npm start ended before it was ready. It said:\n${said.join("\n")}`);
}

const total = async (url: string) => (await json<PageCount>(fetch(`${url}/api/v1/visits/resume`))).count;

it.each<[string, string[], (child: ChildProcess) => void]>([
  ["SIGTERM to npm", ["--built"], (child) => child.kill("SIGTERM")],
  ["Ctrl-C", [], ({ pid }) => process.kill(-(pid as number), "SIGINT")],
])("ends with 0 on %s under load, and has every answered visit when it starts again", async (_, args, end) => {
  const first = await start(args);
  const before = await total(first.url);
  let answered = 0;
  let refused = 0;
  let ended = false;
  const clients = Array.from({ length: 20 }, async () => {
    while (!ended) {
      try {
        const { ok } = await fetch(`${first.url}/api/v1/visits/resume`, { method: "POST" });
        if (ok) answered++;
        else refused++;
      } catch {
        // Its connection was refused or ended: the visit may have been counted.
        refused++;
        ended = true;
      }
      if (answered === 200) end(first.child);
    }
  });
  const [code] = await once(first.child, "exit");
  ended = true;
  await Promise.all(clients);
  expect(code).toBe(0);
  expect(answered).toBeGreaterThanOrEqual(200);

  const second = await start(args);
  const counted = (await total(second.url)) - before;
  expect(counted).toBeGreaterThanOrEqual(answered);
  expect(counted).toBeLessThanOrEqual(answered + refused);
  second.child.kill("SIGTERM");
  expect((await once(second.child, "exit"))[0]).toBe(0);
});

it("commits on SIGTERM the visits that the cost brake held back", async () => {
  const first = await start(["--built"], { DAILY_WRITE_BUDGET: "1" });
  const before = await total(first.url);
  const visit = () => json<PageCount>(fetch(`${first.url}/api/v1/visits/resume`, { method: "POST" }));
  await visit();
  const answers = await Promise.all(Array.from({ length: 30 }, visit));
  expect(answers.filter(({ degraded }) => !degraded)).toEqual([]);
  first.child.kill("SIGTERM");
  expect((await once(first.child, "exit"))[0]).toBe(0);

  const second = await start(["--built"]);
  expect((await total(second.url)) - before).toBe(31);
  second.child.kill("SIGTERM");
  expect((await once(second.child, "exit"))[0]).toBe(0);
});

it("says where to look, what to type and where the data lies, and seeds once", async () => {
  const { child, url, said } = await start(["--built"]);
  const text = said.join("\n");
  for (const part of [`${url}/`, `curl -X POST ${url}/api/v1/visits/resume`, "npm run token", dataDir])
    expect(text).toContain(part);
  expect(text).toContain('secret "signing-keys": already exists');
  expect(text).not.toContain("correct horse");
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
});
