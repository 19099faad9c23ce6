// npm test: everything that CI checks, in two lanes at once. Prints the time of each part and how to run it alone.
// npm run check: the fast parts only.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { readCommandLine } from "./command-line.ts";

type Part = {
  readonly name: string;
  readonly command: readonly string[];
  /** The command that runs this part alone. */
  readonly alone: string;
};

type Result = { readonly summary: string; readonly passed: number; readonly failed: number };

const { flags } = readCommandLine({
  name: "npm test",
  about: "Runs everything that CI checks. To run one file: npx vitest run functions/lib/log.test.ts",
  flags: { check: { about: "the fast parts only, as npm run check does" } },
});

const root = join(import.meta.dirname, "..");
const reports = await mkdtemp(join(tmpdir(), "vitae-reports-"));
// Tests start some hundred Node.js processes, which load the same SDKs.
const compileCache = join(root, "node_modules", ".cache", "node-compile");
const report = (name: string) => join(reports, `${name}.json`);
const vitest = (name: string, project = name, flags: readonly string[] = []): Part => ({
  name,
  command: [
    "vitest",
    "run",
    `--project=${project}`,
    "--reporter=dot",
    "--silent=passed-only",
    "--reporter=json",
    `--outputFile.json=${report(name)}`,
    ...flags,
  ],
  alone: `npx vitest run --project "${project}"`,
});

const checks: Part[] = [
  { name: "types", command: ["node", "node_modules/typescript/bin/tsc", "--project", "."], alone: "npm run check" },
  {
    name: "types of the console",
    command: ["node", "node_modules/typescript/bin/tsc", "--project", "console"],
    alone: "npx tsc --project console",
  },
  {
    name: "lint and format",
    command: ["biome", "check", "--error-on-warnings", "."],
    alone: "npx biome check --error-on-warnings . (npm run format fixes most of it)",
  },
  { name: "imports", command: ["node", "scripts/import-rules.ts"], alone: "npm run check" },
];
// Unit tests wait for timers and storage more than half of their time, so they get a worker more than there are cores.
// End-to-end tests wait for processes, and end earlier.
const lanes: Part[][] = [
  [vitest("unit", "unit*", [`--maxWorkers=${availableParallelism() + 1}`])],
  [{ name: "package", command: ["node", "scripts/package.ts"], alone: "npm run package" }, vitest("e2e"), ...checks],
];

/** Runs a program; prints its output as one piece when it has ended, since two lanes would mix theirs. */
async function run({ name, command: [command = "", ...args] }: Part): Promise<boolean> {
  // npm put node_modules/.bin first on the path.
  // Programs see a pipe and some colour their output all the same.
  const colour = process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
  const env = { NODE_COMPILE_CACHE: compileCache, ...process.env, ...colour };
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const ok = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
  process.stdout.write(`\n== ${name}\n${Buffer.concat(output)}`);
  return ok;
}

/** Counts the tests of a part. A part without a report is one test. */
async function count(name: string, ok: boolean): Promise<{ passed: number; failed: number }> {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report(name), "utf8"));
    // A file that fails to load has no failed test, but vitest exits with an error.
    return { passed: numPassedTests, failed: ok ? numFailedTests : Math.max(1, numFailedTests) };
  } catch {
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  }
}

async function runLane(parts: readonly Part[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const part of parts) {
    const startedAt = performance.now();
    const ok = await run(part);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
    const summary = `${ok ? "ok    " : "FAILED"} ${seconds} s  ${part.name}${ok ? "" : `: run ${part.alone}`}`;
    results.push({ summary, ...(await count(part.name, ok)) });
  }
  return results;
}

const results = (await Promise.all((flags.check ? [checks] : lanes).map(runLane))).flat();
await rm(reports, { recursive: true });
const sum = (key: "passed" | "failed") => results.reduce((total, result) => total + result[key], 0);
process.stdout.write(`\n${results.map(({ summary }) => summary).join("\n")}\n\n`);
process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`);
process.exitCode = sum("failed") > 0 ? 1 : 0;
