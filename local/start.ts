// npm start: starts the local Azure, seeds it, starts the functions host, and shuts all of them down on a signal.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { settingNames } from "../functions/lib/settings-schema.ts";
import { readCommandLine } from "../scripts/command-line.ts";
import { writeConsole } from "../scripts/console.ts";
import { buildSite, RESUME } from "../site/build-site.ts";
import { readResume } from "../site/read-resume.ts";
import { waitForDataDir, writeServicesEnv } from "./data-dir.ts";
import { startHost } from "./host/host.ts";
import { listen } from "./listen.ts";
import { readyMessage, servicesMessage } from "./ready-message.ts";
import { printNewPassword, seed } from "./seed.ts";
import { startServices } from "./services.ts";
import { readLocalSettings, servicePorts, warnOfMisspelt } from "./settings-file.ts";
import { restartOnChange } from "./watch-sources.ts";

const root = join(import.meta.dirname, "..");
const log = (line: string) => process.stdout.write(`${line}\n`);

const COMMAND = {
  name: "npm start",
  about:
    "Runs the app, storage, identity and vault on this machine. Environment: PORT, LOCAL_DATA_DIR, OWNER_EMAIL, LOCAL_OWNER_PASSWORD and the app's settings.",
  flags: {
    built: { about: "serves dist/, as npm run build leaves it" },
    "services-only": { about: "runs storage, identity and vault alone, for Core Tools" },
    watch: { about: "restarts the app when a file in functions/, console/ or site/ changes, as npm run dev does" },
  },
} as const;

// The host gets this long to finish running requests. Storage saves in the rest of the five seconds.
const DRAIN_MS = 3000;
const STOP_MS = 4700;
const PARENT_CHECK_MS = 250;

const closing: (() => unknown)[] = [];
const stopped = new AbortController();

/** Closes everything that was started, last first, and exits. Children end with this process at the latest. */
async function stop(code: number): Promise<void> {
  // Ctrl-C reaches npm and this process, and npm forwards it: the second signal must not cut the first shutdown short.
  if (stopped.signal.aborted) return;
  stopped.abort();
  setTimeout(() => process.exit(code), STOP_MS);
  for (const close of closing.reverse()) {
    try {
      await close();
    } catch (error) {
      printError(error);
    }
  }
  process.exit(code);
}

function printError(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}

async function main(): Promise<void> {
  const { flags } = readCommandLine(COMMAND);
  const settings = readLocalSettings(root);
  const port = readPort(process.env.PORT || "7071");
  checkStage(process.env.STAGE);
  const dist = join(root, "dist");
  if (flags.built && !existsSync(join(dist, "host.json")))
    throw new Error(`${dist} has no build, which --built serves. Run: npm run build`);
  for (const line of warnOfMisspelt(settings, process.env, settingNames)) printError(line);
  const dataDir = await waitForDataDir(process.env.LOCAL_DATA_DIR || join(root, ".local"));
  closing.push(dataDir.release);
  const servicesOnly = flags["services-only"];
  if (!servicesOnly) await checkPort(port);

  const services = await startServices({
    dataDir,
    ...(servicesOnly ? { ports: servicePorts(settings) } : {}),
    onExit: (line) => {
      printError(line);
      stop(1);
    },
  });
  // The environment wins over the file, as in Core Tools. The addresses of the running services win over both.
  const env: Record<string, string> = { ...settings.values, ...definedValues(process.env), ...services.env };
  const ofApp = new Set<string>([
    ...Object.keys(settings.values),
    ...Object.keys(services.env),
    ...settingNames,
    "OWNER_EMAIL",
  ]);
  const appEnv = Object.fromEntries(Object.entries(env).filter(([name]) => ofApp.has(name)));
  closing.push(services.close, writeServicesEnv(dataDir.path, appEnv));
  const { LOCAL_OWNER_PASSWORD: ownerPassword } = process.env;
  const email = await seed({ root, vault: dataDir.vault, env, ownerPassword, signal: stopped.signal, log });
  if (servicesOnly) {
    log(servicesMessage(services.env, dataDir.path));
    return printNewPassword(dataDir.vault, email, log);
  }

  const site = join(dataDir.path, "site");
  const buildPages = async () => {
    buildSite(readResume(RESUME), { out: site });
    if (!flags.built) await writeConsole(join(root, "node_modules", ".cache", "console.json"));
  };
  await buildPages();
  const start = () =>
    startHost({
      root: flags.built ? dist : root,
      env,
      port,
      cors: settings.cors,
      site,
      docs: true,
      media: { target: services.events.uri, ca: services.certificate.cert },
      blobWrites: services.events,
      log,
    });
  const host = await start();
  const restart = async () => {
    await buildPages();
    const restarted = await start();
    log(`Restarted: http://localhost:${restarted.port}`);
    return restarted;
  };
  const sources = {
    roots: ["functions", "console", "site"].map((folder) => join(root, folder)),
    signal: stopped.signal,
    start: restart,
    onError: printError,
  };
  const current = flags.watch ? restartOnChange(host, sources) : () => host;
  closing.push(() => Promise.race([current()?.close(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]));
  printNewPassword(dataDir.vault, email, log);
  const page = env.PAGES?.split(",")[0]?.trim() || "resume";
  const { LOCAL_DATA_DIR } = process.env;
  log(readyMessage(`http://localhost:${host.port}`, { data: dataDir.path, page, email, dataDir: LOCAL_DATA_DIR }));
}

function definedValues(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new Error(
    `PORT must be a number from 0 (any free port) to 65535, received "${text}". Example: PORT=7072 npm start`,
  );
}

/** With another stage the app would still run with local settings, and its strict rules would appear to hold. */
function checkStage(stage: string | undefined): void {
  if (stage && stage !== "local")
    throw new Error(`npm start always runs the stage "local", received STAGE="${stage}". Unset STAGE.`);
}

/** Checked before the services start, so that they need not be shut down again. */
async function checkPort(port: number): Promise<void> {
  const probe = await listen(createServer(), "Vitae", port).catch((cause: Error) => {
    throw new Error(`${cause.message} Choose another port, or 0 for any free one: PORT=0 npm start`, { cause });
  });
  await probe.close();
}

/** npm's shell can die of a signal without forwarding it, which would leave this process running. */
function stopWithNpm(): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop(0), PARENT_CHECK_MS).unref();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));
if (process.env.npm_lifecycle_event) stopWithNpm();
main().catch((error) => {
  if (!stopped.signal.aborted) printError(error);
  return stop(1);
});
