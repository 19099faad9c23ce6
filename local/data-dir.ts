// The data dir: where the local Azure keeps its state. One process at a time uses it.
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";

export type DataDir = {
  path: string;
  azurite: string;
  certificate: string;
  vault: string;
  /** Unlocks the dir for the next process. */
  release(): void;
};

/**
 * Opens the data dir, and creates it if needed.
 * @throws {Error} one line that names the process that uses the dir
 */
export function openDataDir(dir: string): DataDir {
  const path = resolve(dir);
  createDir(path);
  const unlock = lockDir(path);
  return {
    path,
    azurite: privateDir(join(path, "azurite")),
    certificate: privateDir(join(path, "certificate")),
    vault: vaultFile(path),
    release: unlock,
  };
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user has no permission to write there",
  EPERM: "this user has no permission to write there",
  EROFS: "that file system is read-only",
  EEXIST: "a file of that name exists",
  ENOTDIR: "a part of the path is a file",
};

function createDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK);
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const advice = "Choose another one: LOCAL_DATA_DIR=.local-2 npm start";
    throw new Error(`The data dir ${path} cannot be used: ${REASONS[code] ?? message}. ${advice}`, { cause });
  }
}

const WAIT_MS = 10_000;
const PROMPT_MS = 1000;

/**
 * As openDataDir, but waits up to ten seconds for a process that is ending: one that runs no services any more, or has
 * been killed a moment ago.
 */
export async function waitForDataDir(dir: string): Promise<DataDir> {
  const begin = performance.now();
  for (;;) {
    try {
      return openDataDir(dir);
    } catch (error) {
      const waited = performance.now() - begin;
      const isServing = existsSync(join(resolve(dir), "services.env"));
      const isInUse = error instanceof Error && error.message.includes("is in use by process");
      if (!isInUse || waited > (isServing ? PROMPT_MS : WAIT_MS)) throw error;
      await pause(100);
    }
  }
}

/** Also closes one that exists, since the data dir itself may be open to other users. */
function privateDir(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  return path;
}

/** Path of the vault's file, for readers that do not lock the dir. */
export function vaultFile(dir: string): string {
  return join(resolve(dir), "vault.json");
}

/**
 * Writes the settings of the running app to services.env, which `npm run seed` reads from another shell.
 * @returns a function that removes the file
 */
export function writeServicesEnv(dir: string, env: Readonly<Record<string, string>>): () => void {
  const file = join(dir, "services.env");
  const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** SQLite holds the operating system's own file lock (fcntl), which ends with the process, also after SIGKILL. */
function lockDir(path: string): () => void {
  const lock = new DatabaseSync(join(path, "lock.db"));
  const pidFile = join(path, "pid");
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    // The flag creates the file: the other process may have locked the dir and not written its id yet.
    const pid = readFileSync(pidFile, { encoding: "utf8", flag: "a+" });
    throw new Error(
      `The data dir ${path} is in use by process ${pid}. ` +
        "Stop that process, or choose another dir: LOCAL_DATA_DIR=.local-2 npm start",
      { cause },
    );
  }
  writeFileSync(pidFile, String(process.pid));
  return () => {
    if (lock.isOpen) lock.close();
  };
}
