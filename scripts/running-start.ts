// Runs a main file with the settings in the environment, or with those of the running npm start.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { parseEnv } from "node:util";

const root = join(import.meta.dirname, "..");
const dataDir = process.env.LOCAL_DATA_DIR || join(root, ".local");

function listens(address: string | undefined): Promise<boolean> {
  const { hostname, port } = new URL(address ?? "");
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** @throws {Error} one line if no npm start is running; one that was killed leaves its file */
async function readRunningStart(): Promise<NodeJS.Dict<string>> {
  const file = join(dataDir, "services.env");
  const settings = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : undefined;
  if (!settings || !(await listens(settings.TABLES_ENDPOINT)))
    throw new Error(
      `No npm start is running with its data in ${dataDir}. Start one in another shell, name its data dir in LOCAL_DATA_DIR, or set TABLES_ENDPOINT and the other settings of a deployment.`,
    );
  return settings;
}

/**
 * Runs a main file of the project with the arguments of this process, and takes over its exit code.
 * @param path from the root of the project
 * @param onLocal called with the settings of the running npm start, when they are used
 */
export async function runWithSettings(
  path: string,
  onLocal: (settings: NodeJS.Dict<string>) => void = () => undefined,
): Promise<void> {
  const local = process.env.TABLES_ENDPOINT ? undefined : await readRunningStart();
  if (local) onLocal(local);
  // In a child process, because Node.js reads NODE_EXTRA_CA_CERTS, one of the settings, only when it starts.
  const child = spawn(process.execPath, [join(root, path), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, ...local },
  });
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}

/** Prints the message of an error as one line, and fails the process. */
export function failWith(error: Error): void {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
