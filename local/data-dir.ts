// The data dir: where the local Azure keeps its state, held by one process at a time.
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export type DataDir = {
  path: string;
  azurite: string;
  certificate: string;
  vault: string;
  /** Lets the next process have it. */
  release(): void;
};

type Holder = { pid: number; started: string };

/** Opens the data dir, making it if needed. Throws one line naming the holder if a living process has it open. */
export function openDataDir(dir: string): DataDir {
  const path = resolve(dir);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = join(path, "lock.json");
  const own: Holder = { pid: process.pid, started: startOf(process.pid) };
  takeLock(lock, own);
  return {
    path,
    azurite: join(path, "azurite"),
    certificate: join(path, "certificate"),
    vault: vaultFile(path),
    release: () => {
      if (isSame(readHolder(lock), own)) rmSync(lock, { force: true });
    },
  };
}

/** Where the vault of a data dir is persisted, for readers that do not hold the dir. */
export function vaultFile(dir: string): string {
  return join(resolve(dir), "vault.json");
}

function takeLock(lock: string, own: Holder): void {
  const mine = `${lock}.${own.pid}`;
  writeFileSync(mine, JSON.stringify(own), { mode: 0o600 });
  try {
    // A link appears with its content or not at all, and fails if another process was faster.
    while (!linked(mine, lock)) {
      const holder = readHolder(lock);
      if (holder && isRunning(holder)) {
        throw new Error(
          `The data dir ${join(lock, "..")} is in use by process ${holder.pid}. ` +
            "Stop that one, or choose another dir: LOCAL_DATA_DIR=.local-2 npm start",
        );
      }
      dropStale(lock, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function dropStale(lock: string, stale: Holder | undefined): void {
  const aside = `${lock}.stale-${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return; // Another process dropped it first; who gets the dir is decided by the link.
  }
  // Between the look and the rename another process may have taken the dir: then what was moved is its lock.
  if (!isSame(readHolder(aside), stale)) linked(aside, lock);
  rmSync(aside, { force: true });
}

function readHolder(lock: string): Holder | undefined {
  try {
    const { pid, started }: Partial<Holder> = JSON.parse(readFileSync(lock, "utf8"));
    return Number.isInteger(pid) ? { pid: Number(pid), started: String(started) } : undefined;
  } catch {
    return undefined;
  }
}

function isSame(a: Holder | undefined, b: Holder | undefined): boolean {
  return a?.pid === b?.pid && a?.started === b?.started;
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process lives and belongs to somebody else.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return startOf(pid) === started;
}

/** When a process started, in the system's own terms: tells a process from a later one that got the same number. */
function startOf(pid: number): string {
  try {
    if (process.platform === "linux") {
      // Field 22 of proc(5) stat; the second field, the name, may itself hold spaces and brackets.
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    }
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}
