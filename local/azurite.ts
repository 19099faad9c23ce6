// Runs Azurite (blob, queue, table) over HTTPS as a child process that accepts managed-identity tokens and no known key.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { Certificate } from "./certificate.ts";
import { compileCacheEnv } from "./compile-cache.ts";
import { KEEP_ALIVE_MS, LOOPBACK } from "./listen.ts";

/** The tables SDK treats any other account on loopback as Cosmos DB (isCosmosEndpoint in @azure/data-tables). */
export const ACCOUNT = "devstoreaccount1";

/** Has the static website. */
export const SITE_ACCOUNT = "site";

const SERVICES = ["blob", "queue", "table"] as const;
type Service = (typeof SERVICES)[number];

export type Azurite = {
  ports: Record<Service, number>;
  /** Resolves with the last lines of output when the process has ended. */
  exited: Promise<string>;
  close(): Promise<void>;
  /** Lets this process end without close(). Azurite then ends with it. */
  unref(): void;
};

export type AzuriteOptions = {
  certificate: Certificate;
  /** The data folder; undefined keeps everything in memory. */
  location: string | undefined;
  ports?: Partial<Record<Service, number>>;
};

const SAVE_WITHIN_MS = 1500;

// Azurite would outlive a parent that was killed and continue to write to the data dir. The end of the IPC channel
// reports that, and SIGTERM makes Azurite save first. Its output streams may be closed by then, so their errors are ignored.
// Its files are for their owner only.
// The lock makes it wait for an older one that still saves its data.
// Its telemetry is off, but it would load the telemetry SDK all the same, which takes half of its start.
const PRELOAD = `data:text/javascript,${encodeURIComponent(`
  import { createRequire } from "node:module";
  import { DatabaseSync } from "node:sqlite";
  const { DATA_LOCK } = process.env;
  const require = createRequire(process.argv[1]);
  const unused = require.resolve("applicationinsights");
  require.cache[unused] = { id: unused, filename: unused, loaded: true, exports: {}, children: [] };
  if (DATA_LOCK) {
    globalThis.dataLock = new DatabaseSync(DATA_LOCK, { timeout: 10_000 });
    globalThis.dataLock.exec("BEGIN EXCLUSIVE");
  }
  process.umask(0o077);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
`)}`;

/**
 * Starts Azurite and waits until all three services listen.
 * @throws {Error} one line with Azurite's last output if it ends before
 */
export async function startAzurite(options: AzuriteOptions): Promise<Azurite> {
  const path = createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js");
  const child = spawn(process.execPath, ["--import", PRELOAD, path, ...flags(options)], {
    // Keys of this run only: Azurite's well-known key would open the store to every process on this machine.
    env: {
      AZURITE_ACCOUNTS: [ACCOUNT, SITE_ACCOUNT]
        .map((name) => `${name}:${randomBytes(64).toString("base64")}`)
        .join(";"),
      ...(options.location && { DATA_LOCK: join(options.location, "lock.db") }),
      ...compileCacheEnv(),
    },
    // A process group of its own: Ctrl-C reaches the app first, so that running requests can still be stored.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  for (const stream of streams)
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk).slice(-8192);
    });
  // Not the event "close": it does not come after a disconnect from this side.
  const exited = Promise.all([once(child, "exit"), ...streams.map((stream) => finished(stream))]).then(
    () => lastLines(output),
    (error: Error) => error.message,
  );

  const listening = new Promise<Record<Service, number>>((resolve) => {
    child.stdout?.on("data", () => {
      const ports = readPorts(output);
      if (ports) resolve(ports);
    });
  });
  const failed = exited.then((lines) => {
    const corrupt = options.location && corruptFile(options.location);
    if (corrupt)
      throw new Error(
        `${corrupt} is corrupt, so storage cannot start. Restore it from a copy, or use a new LOCAL_DATA_DIR.`,
      );
    throw new Error(`Azurite ended before its services listened. Its last output: ${lines || "none"}`);
  });
  const ports = await Promise.race([listening, failed]);
  output = "";
  function unref(): void {
    for (const handle of [child, child.channel, ...streams]) (handle as Partial<Socket> | null)?.unref?.();
  }
  return { ports, exited, close: () => stop(child, exited), unref };
}

/** The first of Azurite's databases that is not JSON. */
function corruptFile(location: string): string | undefined {
  const files = readdirSync(location).filter((name) => /^__azurite_db_.*\.json$/.test(name));
  return files
    .map((name) => join(location, name))
    .find((file) => {
      try {
        JSON.parse(readFileSync(file, "utf8"));
        return false;
      } catch {
        return true;
      }
    });
}

function flags({ certificate, location, ports = {} }: AzuriteOptions): string[] {
  return [
    ...SERVICES.flatMap((service) => [`--${service}Host`, LOOPBACK, `--${service}Port`, String(ports[service] ?? 0)]),
    ...SERVICES.flatMap((service) => [`--${service}KeepAliveTimeout`, String(KEEP_ALIVE_MS / 1000)]),
    ...["--cert", certificate.certPath, "--key", certificate.keyPath],
    ...["--oauth", "basic"],
    // The SDKs use a newer version of the REST API than Azurite knows.
    "--skipApiVersionCheck",
    "--disableProductStyleUrl",
    "--disableTelemetry",
    "--silent",
    ...(location === undefined ? ["--inMemoryPersistence"] : ["--location", location]),
  ];
}

function readPorts(output: string): Record<Service, number> | undefined {
  const matches = output.matchAll(/Azurite (\w+) service is successfully listening at \S+:(\d+)/g);
  const found = new Map([...matches].map(([, name, port]) => [name?.toLowerCase(), Number(port)]));
  const [blob, queue, table] = SERVICES.map((service) => found.get(service));
  return blob && queue && table ? { blob, queue, table } : undefined;
}

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-3).join(" ").trim();
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  // Not SIGTERM: the open IPC channel would keep the process alive after its servers have closed.
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill("SIGKILL"), SAVE_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}
