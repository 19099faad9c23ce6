// npm test: everything that CI checks, part by part, with the time of each and what to run when one fails.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Part = {
  readonly name: string;
  readonly command: readonly string[];
  /** What to type to see only this part fail. */
  readonly alone: string;
};

const root = join(import.meta.dirname, "..");
const reports = await mkdtemp(join(tmpdir(), "vitae-reports-"));
const report = (project: string) => join(reports, `${project}.json`);
const vitest = (project: string): Part => ({
  name: project,
  command: [
    "vitest",
    "run",
    `--project=${project}`,
    "--reporter=dot",
    "--reporter=json",
    `--outputFile.json=${report(project)}`,
  ],
  alone: `npx vitest run --project ${project}`,
});

const checks: Part[] = [
  { name: "types", command: ["node", "node_modules/typescript-7/bin/tsc", "--project", "."], alone: "npm run check" },
  {
    name: "lint and format",
    command: ["biome", "check", "--error-on-warnings", "."],
    alone: "npx biome check --error-on-warnings . (npm run format mends what it can)",
  },
];
const all: Part[] = [
  ...checks,
  { name: "package", command: ["node", "scripts/package.ts"], alone: "npm run package" },
  vitest("unit"),
  vitest("e2e"),
];

const run = ([command = "", ...args]: readonly string[]) =>
  new Promise<boolean>((resolve) => {
    // npm put node_modules/.bin first on the path.
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });

/** Tests of a part that passed and failed; a part without a report is one test. */
async function count(name: string, ok: boolean): Promise<{ passed: number; failed: number }> {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report(name), "utf8"));
    // A suite that broke outside its tests failed all the same.
    return { passed: numPassedTests, failed: ok ? numFailedTests : Math.max(1, numFailedTests) };
  } catch {
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  }
}

const [which] = process.argv.slice(2);
const summary: string[] = [];
let passed = 0;
let failed = 0;
for (const { name, command, alone } of which === "check" ? checks : all) {
  process.stdout.write(`\n== ${name}\n`);
  const started = performance.now();
  const ok = await run(command);
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  summary.push(`${ok ? "ok    " : "FAILED"} ${seconds} s  ${name}${ok ? "" : `: run ${alone}`}`);
  const counted = await count(name, ok);
  passed += counted.passed;
  failed += counted.failed;
}
await rm(reports, { recursive: true });
process.stdout.write(`\n${summary.join("\n")}\n\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
