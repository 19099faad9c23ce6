// One process at a time, shown with real processes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataDir } from "./data-dir.ts";

let parent: string;
let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "vitae-data-dir-"));
  dir = join(parent, "data");
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  rmSync(parent, { recursive: true });
});

const OPEN = `
  import { openDataDir } from ${JSON.stringify(join(import.meta.dirname, "data-dir.ts"))};
  try { openDataDir(process.argv[1]); console.log("open"); setInterval(() => {}, 1000); }
  catch (error) { console.log(error.message); }
`;

/** Opens the dir in a process of its own and tells what came of it. */
async function openElsewhere(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", OPEN, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [chunk] = child.stdout ? await once(child.stdout, "data") : [];
  return { child, said: String(chunk).trim() };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

test("the dir is made for its owner alone", () => {
  const open = openDataDir(dir);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  open.release();
});

test("a second process is refused with one line that names the dir, the holder and the fix", async () => {
  const open = openDataDir(dir);
  const { said } = await openElsewhere();
  expect(said).toBe(
    `The data dir ${dir} is in use by process ${process.pid}. ` +
      "Stop that one, or choose another dir: LOCAL_DATA_DIR=.local-2 npm start",
  );
  open.release();
});

test("a released dir can be opened by another process", async () => {
  openDataDir(dir).release();
  expect((await openElsewhere()).said).toBe("open");
});

test("the lock of a process that was killed is taken over", async () => {
  const { child, said } = await openElsewhere();
  expect(said).toBe("open");
  expect(() => openDataDir(dir)).toThrow(`process ${child.pid}`);
  await end(child);
  openDataDir(dir).release();
});

test("a lock whose process number now belongs to another process is taken over", () => {
  openDataDir(dir).release();
  writeFileSync(join(dir, "lock.json"), JSON.stringify({ pid: process.pid, started: "long ago" }));
  const open = openDataDir(dir);
  expect(JSON.parse(readFileSync(join(dir, "lock.json"), "utf8")).started).not.toBe("long ago");
  open.release();
});

test("of many processes that find a dead one's lock, exactly one gets the dir", async () => {
  openDataDir(dir).release();
  writeFileSync(join(dir, "lock.json"), "half writ");
  const all = await Promise.all(Array.from({ length: 6 }, openElsewhere));
  expect(all.filter(({ said }) => said === "open")).toHaveLength(1);
});
