// npm start: the local Azure, the seed and the functions host, in that order, and all of them ended again on a signal.
import { watch } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openDataDir, writeServicesEnv } from "./data-dir.ts";
import { startHost } from "./host/host.ts";
import { listen } from "./listen.ts";
import { seed } from "./seed.ts";
import { startServices } from "./services.ts";
import { readLocalSettings, servicePorts } from "./settings-file.ts";

const root = join(import.meta.dirname, "..");
const log = (line: string) => process.stdout.write(`${line}\n`);

// A host gets this long to answer what is in flight; storage then has the rest of the five seconds to save.
const DRAIN_MS = 3000;
const STOP_MS = 4700;
const SETTLE_MS = 100;
const LOOK_MS = 250;

const closing: (() => unknown)[] = [];
const stopped = new AbortController();

/** Ends everything that was started, last first, and the process with it. Children end with the process at the latest. */
async function stop(code: number): Promise<void> {
  // Ctrl-C reaches npm and this process, and npm passes it on: the second signal must not cut the first short.
  if (stopped.signal.aborted) return;
  stopped.abort();
  setTimeout(() => process.exit(code), STOP_MS);
  for (const close of closing.reverse()) {
    try {
      await close();
    } catch (error) {
      fail(error);
    }
  }
  process.exit(code);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: { built: { type: "boolean" }, "services-only": { type: "boolean" }, watch: { type: "boolean" } },
  });
  const settings = readLocalSettings(root);
  const port = readPort(process.env.PORT || "7071");
  checkStage(process.env.STAGE);
  const dataDir = openDataDir(process.env.LOCAL_DATA_DIR || join(root, ".local"));
  closing.push(dataDir.release);
  const alone = flags["services-only"];
  if (!alone) await checkPort(port);

  const services = await startServices({
    dataDir,
    ...(alone ? { ports: servicePorts(settings) } : {}),
    onExit: (line) => {
      fail(line);
      stop(1);
    },
  });
  closing.push(services.close, writeServicesEnv(dataDir.path, { ...settings.values, ...services.env }));
  // The environment wins over the file, as in Core Tools; nothing wins over the services that run.
  const env = { ...settings.values, ...present(process.env), ...services.env };
  const { LOCAL_OWNER_PASSWORD: ownerPassword } = process.env;
  await seed({ root, vault: dataDir.vault, env, ownerPassword, signal: stopped.signal, log });
  if (alone) return describeServices(services.env, dataDir.path);

  const start = () =>
    startHost({
      root: flags.built ? join(root, "dist") : root,
      env,
      port,
      cors: settings.cors,
      site: join(root, "site"),
      docs: true,
      media: { target: services.events.uri, ca: services.certificate.cert },
      blobWrites: services.events,
      log,
    });
  const host = await start();
  const current = flags.watch ? restartOnChange(host, start) : () => host;
  closing.push(() => Promise.race([current()?.close(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]));
  describe(`http://localhost:${host.port}`, dataDir.path);
}

function present(environment: NodeJS.ProcessEnv): Record<string, string> {
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

/** What runs here is local whatever is asked; whoever asked for another would take the strict rules for kept. */
function checkStage(stage: string | undefined): void {
  if (stage && stage !== "local")
    throw new Error(`npm start is the stage local, received STAGE="${stage}": leave STAGE out.`);
}

/** Asked before the services start, so that nothing has to be taken down again. */
async function checkPort(port: number): Promise<void> {
  const probe = await listen(createServer(), "Vitae", port).catch((cause: Error) => {
    throw new Error(`${cause.message} Choose another, or 0 for any free one: PORT=0 npm start`, { cause });
  });
  await probe.close();
}

type Host = Awaited<ReturnType<typeof startHost>>;

/** Starts the app anew when a source changes. The function it gives tells the host that runs, if one does. */
function restartOnChange(first: Host, start: () => Promise<Host>): () => Host | undefined {
  let host: Host | undefined = first;
  let restarting = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const restart = async () => {
    await host?.close();
    host = undefined;
    if (stopped.signal.aborted) return;
    host = await start();
    log(`Restarted: http://localhost:${host.port}`);
  };
  watch(join(root, "functions"), { recursive: true, signal: stopped.signal }, () => {
    // Editors write a file in several steps, and one save can touch many files.
    clearTimeout(timer);
    timer = setTimeout(() => {
      restarting = restarting.then(restart).catch(fail);
    }, SETTLE_MS);
  });
  return () => host;
}

function describe(url: string, data: string): void {
  log(`
  The page       ${url}/
  The API        ${url}/docs
  Count a visit  curl -X POST ${url}/api/v1/visits/resume
  Health         curl ${url}/api/health/ready
  A token        npm run token -- --role owner
  An upload      curl -H "Authorization: Bearer $(npm run -s token -- --role owner)" -F file=@photo.jpg ${url}/api/v1/images
  The data       ${data}
`);
  log(`Ready: ${url}`);
}

function describeServices(env: Record<string, string>, data: string): void {
  log(`\nStorage, identity and vault are running, with their data in ${data}. For Core Tools, in another shell:\n`);
  for (const [name, value] of Object.entries(env)) log(`export ${name}='${value}'`);
  log("func start");
}

/** npm's shell can die of a signal without passing it on: then nobody is left who could end this process. */
function stopWithNpm(): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop(0), LOOK_MS).unref();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));
if (process.env.npm_lifecycle_event) stopWithNpm();
main().catch((error) => {
  if (!stopped.signal.aborted) fail(error);
  return stop(1);
});
