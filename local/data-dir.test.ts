// The data dir's lock, between real processes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataDir, waitForDataDir } from "./data-dir.ts";

let parent: string;
let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "vitae-data-dir-"));
  dir = join(parent, "data");
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(parent, { recursive: true });
});

const OPEN = `
  import { openDataDir, waitForDataDir } from ${JSON.stringify(join(import.meta.dirname, "data-dir.ts"))};
  try { const dir = openDataDir(process.argv[1]); console.log("open"); setInterval(() => dir, 1000); }
  catch (error) { console.log(error.message); }
`;

/** Opens the dir in a child process. */
async function openInChild(): Promise<{ child: ChildProcess; output: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", OPEN, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [chunk] = child.stdout ? await once(child.stdout, "data") : [];
  return { child, output: String(chunk).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

test("creates the data dir with mode 700", () => {
  const { release } = openDataDir(dir);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  release();
});

test("closes the folders of storage and keys to other users, also in a data dir that exists", () => {
  mkdirSync(join(dir, "azurite"), { recursive: true, mode: 0o755 });
  chmodSync(dir, 0o755);
  const { azurite, certificate, release } = openDataDir(dir);
  for (const folder of [azurite, certificate]) expect(statSync(folder).mode & 0o777).toBe(0o700);
  release();
});

test("rejects a second process with one line that names the dir, the process and the fix", async () => {
  const { release } = openDataDir(dir);
  expect((await openInChild()).output).toBe(
    `The data dir ${dir} is in use by process ${process.pid}. ` +
      "Stop that process, or choose another dir: LOCAL_DATA_DIR=.local-2 npm start",
  );
  release();
});

test("waits for a process that is ending, and names its path when the data dir cannot be created", async () => {
  const { child } = await openInChild();
  const waiting = waitForDataDir(dir);
  await kill(child);
  (await waiting).release();
  writeFileSync(join(parent, "file"), "");
  expect(() => openDataDir(join(parent, "file"))).toThrow(
    /^The data dir .*file cannot be used: a file of that name exists\./,
  );
  expect(() => openDataDir(join(parent, "file", "x"))).toThrow(/: a part of the path is a file\. Choose another one/);
});

test("opens a data dir that another process has released", async () => {
  openDataDir(dir).release();
  expect((await openInChild()).output).toBe("open");
});

test("opens a data dir whose process was killed", async () => {
  const { child, output } = await openInChild();
  expect(output).toBe("open");
  expect(() => openDataDir(dir)).toThrow(`process ${child.pid}`);
  await kill(child);
  openDataDir(dir).release();
});

test("opens the data dir for exactly one of several processes that start together", async () => {
  const opened = await Promise.all(Array.from({ length: 4 }, openInChild));
  expect(opened.filter(({ output }) => output === "open")).toHaveLength(1);
});
