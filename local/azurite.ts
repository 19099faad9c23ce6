// Runs Azurite (blob, queue, table) over HTTPS as a child process that accepts managed-identity tokens and no known key.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { finished } from "node:stream/promises";
import type { Certificate } from "./certificate.ts";
import { LOOPBACK } from "./listen.ts";

/** The SDK for tables takes any other account on loopback for Cosmos DB (isCosmosEndpoint in @azure/data-tables). */
export const ACCOUNT = "devstoreaccount1";

const SERVICES = ["blob", "queue", "table"] as const;
type Service = (typeof SERVICES)[number];

export type Azurite = {
  ports: Record<Service, number>;
  /** Settles when the process has ended, with what it said last. */
  exited: Promise<string>;
  close(): Promise<void>;
};

export type AzuriteOptions = {
  certificate: Certificate;
  /** Where it keeps its data; undefined keeps everything in memory. */
  location: string | undefined;
  ports?: Partial<Record<Service, number>>;
};

const SAVE_WITHIN_MS = 1500;

// Azurite would outlive a parent that is killed and go on writing to the data dir. The IPC channel tells it; SIGTERM
// makes it save first, which must not fail for want of somebody who reads what it says meanwhile.
const STOP_WITH_PARENT = `data:text/javascript,${encodeURIComponent(`
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
`)}`;

/** Starts Azurite and waits until all three services listen. Throws one line with what Azurite said if it does not. */
export async function startAzurite(options: AzuriteOptions): Promise<Azurite> {
  const child = spawn(process.execPath, ["--import", STOP_WITH_PARENT, azuritePath(), ...flags(options)], {
    // A key of this run alone: Azurite's well-known one would open the store to everything on this machine.
    env: { AZURITE_ACCOUNTS: `${ACCOUNT}:${randomBytes(64).toString("base64")}` },
    // A group of its own, so that Ctrl-C reaches the app first and requests in flight can still be stored.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let said = "";
  const keep = (chunk: Buffer) => {
    said = (said + chunk).slice(-8192);
  };
  const output = [child.stdout, child.stderr].filter((stream) => stream !== null);
  for (const stream of output) stream.on("data", keep);
  // Not the event "close": it never comes after a disconnect from this side.
  const exited = Promise.all([once(child, "exit"), ...output.map((stream) => finished(stream))]).then(
    () => lastWords(said),
    (error: Error) => error.message,
  );

  const listening = new Promise<Record<Service, number>>((resolve) => {
    child.stdout?.on("data", () => {
      const ports = portsIn(said);
      if (ports) resolve(ports);
    });
  });
  const early = exited.then((words) => {
    throw new Error(`Azurite ended before its services listened. It said: ${words || "nothing"}`);
  });
  const ports = await Promise.race([listening, early]);
  said = "";
  return { ports, exited, close: () => stop(child, exited) };
}

function azuritePath(): string {
  return createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js");
}

function flags({ certificate, location, ports = {} }: AzuriteOptions): string[] {
  return [
    ...SERVICES.flatMap((service) => [`--${service}Host`, LOOPBACK, `--${service}Port`, String(ports[service] ?? 0)]),
    ...["--cert", certificate.certPath, "--key", certificate.keyPath],
    ...["--oauth", "basic"],
    // The SDKs speak a newer version of the REST API than Azurite knows.
    "--skipApiVersionCheck",
    "--disableProductStyleUrl",
    "--disableTelemetry",
    "--silent",
    ...(location === undefined ? ["--inMemoryPersistence"] : ["--location", location]),
  ];
}

function portsIn(said: string): Record<Service, number> | undefined {
  const found = new Map(
    [...said.matchAll(/Azurite (\w+) service is successfully listening at \S+:(\d+)/g)].map(([, name, port]) => [
      name?.toLowerCase(),
      Number(port),
    ]),
  );
  const [blob, queue, table] = SERVICES.map((service) => found.get(service));
  return blob && queue && table ? { blob, queue, table } : undefined;
}

function lastWords(said: string): string {
  return said.trim().split("\n").slice(-3).join(" ").trim();
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  // Not SIGTERM from here: the open channel would keep the process alive after its servers have closed.
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill("SIGKILL"), SAVE_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}
