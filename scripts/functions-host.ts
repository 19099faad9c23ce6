// npm run functions-host: runs the package in the real functions host, Azure Functions Core Tools, and tests it there.
// It downloads the tools and the host's extension bundle, so it needs the network. CI runs it; npm test does not.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { unzipSync } from "fflate";
import { readCommandLine } from "./command-line.ts";

/** https://www.npmjs.com/package/azure-functions-core-tools; it installs the host from Microsoft's CDN by a hash. */
const CORE_TOOLS = "azure-functions-core-tools@4.15.1";
const PORT = 7072;
/** Minutes for the extension bundle to be downloaded, and the app to start. */
const START_MINUTES = 5;
/** The certificates that .NET trusts on Ubuntu. SSL_CERT_FILE replaces them, so the new file contains them too. */
const SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

const root = join(import.meta.dirname, "..");
const log = (line: string) => process.stdout.write(`${line}\n`);

type Environment = Readonly<Record<string, string>>;

/** The lines `export NAME='value'` that `npm start -- --services-only` prints. */
export function readExports(lines: readonly string[]): Environment {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^export (\w+)='(.*)'$/.exec(line) ?? [];
      return name !== undefined && value !== undefined ? [[name, value]] : [];
    }),
  );
}

/** local.settings.json: the example with the addresses of the running services. */
export function localSettings(example: string, services: Environment): string {
  const settings = JSON.parse(example) as { readonly Values: Environment };
  return JSON.stringify({ ...settings, Values: { ...settings.Values, ...services } }, undefined, 2);
}

const running: ChildProcess[] = [];

function start(command: string, args: readonly string[], options: { cwd?: string; env?: Environment } = {}) {
  const { cwd = root, env = {} } = options;
  log(`> ${[command, ...args].join(" ")}`);
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: [...stdio] });
  running.push(child);
  return child;
}

/** @returns the lines that the program printed, once it has ended */
async function run(command: string, args: readonly string[], env: Environment = {}): Promise<string[]> {
  const child = start(command, args, { env });
  const closed = once(child, "close");
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) lines.push(line);
  const [code] = await closed;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${lines.join("\n")}`);
  return lines;
}

/** Prints the lines of a program that keeps running. @returns those up to the first that matches */
async function linesUntil(child: ChildProcess, pattern: RegExp): Promise<string[]> {
  const lines: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (!child.stdout) throw new Error("The output of the program is not a pipe");
  createInterface(child.stdout).on("line", (line) => {
    log(line);
    lines.push(line);
    if (pattern.test(line)) resolve();
  });
  child.once("exit", (code) => reject(new Error(`The program ended with ${code} before it printed ${pattern}`)));
  await promise;
  return lines;
}

async function waitFor(url: string): Promise<void> {
  const until = performance.now() + START_MINUTES * 60_000;
  for (;;) {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    if (response?.ok) return;
    if (performance.now() > until) throw new Error(`${url} must return 200 within ${START_MINUTES} minutes.`);
    await sleep(1_000);
  }
}

async function main(): Promise<void> {
  const about = "Runs package/vitae.zip in Azure Functions Core Tools, which it downloads, and tests it there.";
  readCommandLine({ name: "npm run functions-host", about });
  const folder = await mkdtemp(join(tmpdir(), "vitae-functions-host-"));
  const [app, tools, data] = [join(folder, "app"), join(folder, "tools"), join(folder, "data")];
  try {
    for (const [name, bytes] of Object.entries(unzipSync(await readFile(join(root, "package", "vitae.zip"))))) {
      await mkdir(dirname(join(app, name)), { recursive: true });
      await writeFile(join(app, name), bytes);
    }
    await run("npm", ["install", "--prefix", tools, "--no-audit", "--no-fund", CORE_TOOLS]);

    const local = { LOCAL_DATA_DIR: data };
    const services = start("node", ["local/start.ts", "--services-only"], { env: local });
    const env = readExports(await linesUntil(services, /^func start$/));
    const example = await readFile(join(root, "local.settings.example.json"), "utf8");
    await writeFile(join(app, "local.settings.json"), localSettings(example, env));
    const certificates = join(folder, "certificates.pem");
    const own = await readFile(env.NODE_EXTRA_CA_CERTS ?? "", "utf8");
    await writeFile(certificates, `${await readFile(SYSTEM_CERTIFICATES, "utf8")}\n${own}`);

    const hostEnv = { ...env, SSL_CERT_FILE: certificates, FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT: "1" };
    const func = join(tools, "node_modules", ".bin", "func");
    const host = start(func, ["start", "--port", String(PORT)], { cwd: app, env: hostEnv });
    const ended = linesUntil(host, /(?!)/);
    const url = `http://localhost:${PORT}`;
    await Promise.race([waitFor(`${url}/api/health/live`), ended]);

    const [token = ""] = await run("node", ["local/token.ts", "--role", "owner"], local);
    const tested = { VITAE_API: `${url}/api`, VITAE_TOKEN: token, ...env };
    for (const line of await run("npx", ["vitest", "run", "--project", "e2e", "verify/host.e2e.test.ts"], tested))
      log(line);
    // Without a token: its check of images needs events, and Core Tools receives none.
    for (const line of await run("node", ["verify/main.ts", "--url", url], env)) log(line);
  } finally {
    // Host and services write to the folder until they end.
    for (const child of running.reverse()) if (child.kill()) await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
