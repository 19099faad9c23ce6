// npm run fuzz: sends more arbitrary requests to every route than npm test does, runs more schedules of the model of the
// library, and repeats a failure by its seed.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { functionNames } from "../functions/lib/names.ts";
import { readCommandLine } from "./command-line.ts";

const root = join(import.meta.dirname, "..");
const OVER_HTTP = "over-http";
const LIBRARY = "library";
/** The model of the library, and what compares its stores with Azurite. */
const LIBRARY_TESTS = ["functions/images/library-model.test.ts", "functions/lib/azure/memory-"];
const known: readonly string[] = [...functionNames, OVER_HTTP, LIBRARY];
const COMMAND = {
  name: "npm run fuzz",
  about:
    "Sends arbitrary requests to every route, in the process and over HTTP, and runs random schedules of the library.",
  flags: {
    runs: { value: "N", about: "requests to each route, schedules of the library", default: "10000" },
    only: { value: "NAME", about: `one of ${known.join(", ")}` },
    seed: { value: "N", about: "with --only: repeats a failure, as the failure prints it" },
    path: { value: "P", about: "with --seed: the failing case of that run", default: "" },
  },
} as const;

const run = (command: string, args: readonly string[], env: Record<string, string> = {}) =>
  new Promise<boolean>((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });

async function main(): Promise<boolean> {
  const { only, path, runs, seed } = readCommandLine(COMMAND).flags;
  if (!(Number(runs) >= 1)) throw new Error(`--runs must be at least 1, received ${runs}.`);
  if (only !== undefined && !known.includes(only))
    throw new Error(`--only must be one of ${known.join(", ")}, received ${only}.`);
  if (seed !== undefined && only === undefined) throw new Error(`--seed requires --only with the name of a function.`);
  const env = { FUZZ_RUNS: runs, ...(seed !== undefined && { FUZZ_SEED: seed, FUZZ_PATH: path }) };
  const library = () => run("vitest", ["run", ...LIBRARY_TESTS], env);
  if (only === LIBRARY) return library();
  const named = only === undefined ? [] : ["--testNamePattern", `^${only} `];
  const vitest = (project: string, file: string) => run("vitest", ["run", "--project", project, file, ...named], env);
  const inProcess = only === OVER_HTTP || (await vitest("unit", "functions/fuzz.test.ts"));
  if (only !== undefined && only !== OVER_HTTP) return inProcess;
  const packaged = await run("node", ["scripts/package.ts"]);
  const overHttp = packaged && (await vitest("e2e", "verify/fuzz.e2e.test.ts"));
  return (only === OVER_HTTP || (await library())) && overHttp && inProcess;
}

main().then(
  (ok) => {
    process.exitCode = ok ? 0 : 1;
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
