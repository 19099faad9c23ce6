// Which jobs run for which event: none with rights in Azure before bootstrap, and no common group while a job waits.
import { expect, it } from "vitest";
import { LONGEST_DEPLOYMENT } from "./deploy/deployment/deadline.ts";
import { LONGEST_DESTRUCTION } from "./deploy/deployment/destroy-stage.ts";
import { LONGEST_WAIT_MS } from "./deploy/lock/deployment-lock.ts";
import { LAST_REMOVAL } from "./deploy/pipeline/sweep-previews.ts";
import { MINUTE } from "./deploy/retry.ts";
import { readWorkflow, workflows } from "./workflow-rules.fixture.ts";
import { type Event, isTrue, startedJobs } from "./workflow-run.fixture.ts";

const DEPLOY = ".github/workflows/deploy.yml";
const PREVIEW = ".github/workflows/preview.yml";
const SWEEP = ".github/workflows/sweep.yml";
const vars = { STATE_ACCOUNT: "vitaestate1" };
const main = { ref: "refs/heads/main", run_id: "42", repository: "ada/site" };
const push: Event = { github: main, vars };
const branch: Event = { ...push, github: { ...main, ref: "refs/heads/idea" } };
const dryRun: Event = { ...push, inputs: { dry_run: true } };
const names = (path: string, event: Event) => [...startedJobs(path, event).keys()];

it.each<[string, Event, string[]]>([
  ["a push", push, ["ci", "deploy"]],
  ["a push before bootstrap", { ...push, vars: {} }, ["ci"]],
  ["a push whose tests fail", { ...push, results: { ci: "failure" } }, ["ci"]],
  ["a push that is cancelled", { ...push, results: { ci: "cancelled" } }, ["ci"]],
  ["a start on another branch", branch, ["ci"]],
  ["a dry run", dryRun, ["deploy"]],
  ["a dry run before bootstrap", { ...dryRun, vars: {} }, []],
  ["a dry run on another branch", { ...branch, ...{ inputs: { dry_run: true } } }, []],
])("%s starts the right jobs", (_, event, jobs) => {
  expect(names(DEPLOY, event)).toEqual(jobs);
});

it("a push to main starts one workflow, which runs the tests once", () => {
  expect(workflows.filter((path) => Object.hasOwn(Object(readWorkflow(path).on), "push"))).toEqual([DEPLOY]);
  const jobs = Object.values(readWorkflow(DEPLOY).jobs);
  expect(jobs.filter(({ uses }) => uses === "./.github/workflows/ci.yml")).toHaveLength(1);
  expect(jobs.flatMap(({ steps = [] }) => steps).filter(({ run = "" }) => /npm (?:run )?test/.test(run))).toEqual([]);
});

const production = (event: Event) => startedJobs(DEPLOY, event).get("deploy");

it("deployments wait for each other, and none waits for an approval or for a plan", () => {
  expect(production(push)).toEqual({ environment: "production", group: "deploy-production" });
  const reviewed = { ...push, vars: { ...vars, WITH_REVIEWER: "true" } };
  expect(production(reviewed)).toEqual({ environment: "production", group: "deploy-42" });
  expect(production(dryRun)).toEqual({ environment: "production", group: "deploy-42" });
  // The default keeps one waiting job only, and could cancel the newest one.
  expect(readWorkflow(DEPLOY).jobs.deploy?.concurrency).toMatchObject({ queue: "max" });
});

it("a repository without environments deploys without one, and has no previews", () => {
  const without = { ...vars, WITHOUT_ENVIRONMENTS: "true" };
  expect(production({ ...push, vars: without })).toEqual({ environment: "", group: "deploy-production" });
  expect(names(PREVIEW, pull("synchronize", ["preview"], { vars: without }))).toEqual([]);
  expect(names(PREVIEW, pull("closed", ["preview"], { vars: without }))).toEqual([]);
  expect(names(SWEEP, { ...push, vars: without })).toEqual([]);
});

type PullOptions = { readonly label?: string; readonly from?: string; readonly vars?: Record<string, string> };
function pull(
  action: string,
  labels: string[],
  { label, from = "ada/site", vars: set = vars }: PullOptions = {},
): Event {
  const pull_request = { labels: labels.map((name) => ({ name })), head: { repo: { full_name: from } } };
  const event = { action, number: 7, pull_request, ...(label && { label: { name: label } }) };
  return { github: { ...main, ref: "refs/pull/7/merge", event_name: "pull_request", event }, vars: set };
}

it.each<[string, Event, string[]]>([
  ["the label preview", pull("labeled", ["bug", "preview"], { label: "preview" }), ["build", "deploy"]],
  ["another label", pull("labeled", ["bug", "preview"], { label: "bug" }), []],
  ["a commit", pull("synchronize", ["preview"]), ["build", "deploy"]],
  ["a commit without the label", pull("synchronize", ["bug"]), []],
  ["a commit from a fork", pull("synchronize", ["preview"], { from: "eve/site" }), []],
  ["a commit before bootstrap", pull("synchronize", ["preview"], { vars: {} }), []],
  ["closing", pull("closed", ["preview"]), ["request-sweep"]],
  ["closing without the label", pull("closed", ["bug"]), []],
  ["closing a pull request of a fork", pull("closed", ["preview"], { from: "eve/site" }), []],
  ["closing before bootstrap", pull("closed", ["preview"], { vars: {} }), []],
  ["removing the label", pull("unlabeled", [], { label: "preview" }), ["request-sweep"]],
  ["removing another label", pull("unlabeled", ["preview"], { label: "bug" }), []],
])("for a pull request, %s starts the right jobs", (_, event, jobs) => {
  expect(names(PREVIEW, event)).toEqual(jobs);
});

it("previews do not share a group while they wait for approval", () => {
  const first = startedJobs(PREVIEW, pull("synchronize", ["preview"])).get("deploy");
  expect(first).toEqual({ environment: "preview", group: "preview-deploy-42" });
});

it.each([DEPLOY, PREVIEW])("%s lets a deployment end by itself, with ten minutes to prepare it", (path) => {
  const longest = 10 + LONGEST_WAIT_MS / MINUTE + LONGEST_DEPLOYMENT;
  expect(readWorkflow(path).jobs.deploy?.["timeout-minutes"]).toBeGreaterThanOrEqual(longest);
});

it("the sweep lets its last removal end by itself, with ten minutes to prepare it", () => {
  expect(readWorkflow(SWEEP).jobs.sweep?.["timeout-minutes"]).toBeGreaterThanOrEqual(
    10 + LAST_REMOVAL + LONGEST_DESTRUCTION,
  );
});

it("the sweep runs on main only, and not before bootstrap", () => {
  expect(startedJobs(SWEEP, push)).toEqual(
    new Map([["sweep", { environment: "preview-sweep", group: "preview-sweep" }]]),
  );
  expect(names(SWEEP, branch)).toEqual([]);
  expect(names(SWEEP, { ...push, vars: {} })).toEqual([]);
});

it("every job that signs in to Azure is one of these, and pull requests reach none without an environment", () => {
  const signsIn = workflows.flatMap((path) =>
    Object.entries(readWorkflow(path).jobs)
      .filter(([, { steps = [] }]) => steps.some(({ uses }) => uses?.startsWith("Azure/login@")))
      .map(([name, { environment }]) => [path, name, environment]),
  );
  expect(signsIn).toEqual([
    [DEPLOY, "deploy", expect.stringContaining("production")],
    [PREVIEW, "deploy", "preview"],
    [SWEEP, "sweep", "preview-sweep"],
  ]);
});

it.each([DEPLOY, PREVIEW])("%s deploys only the newest commit, and removes roles only of an ended program", (path) => {
  const steps = readWorkflow(path).jobs.deploy?.steps ?? [];
  const condition = (text: string) => steps.find(({ run }) => run?.includes(text))?.if ?? "true";
  // GitHub signals a cancellation to the process of the step only, which is a shell without exec.
  expect(steps.find(({ id }) => id === "deploy")?.run).toMatch(/^exec node scripts\/deploy\/pipeline\/deploy.ts /);
  const runs = (text: string, newest: string, outcome: string, inputs = {}) =>
    isTrue(condition(text), { steps: { commit: { outputs: { newest } }, deploy: { outcome } }, inputs }, true);
  expect(["true", "false", ""].map((newest) => runs("--package", newest, ""))).toEqual([true, false, false]);
  const outcomes = ["cancelled", "failure", "success", "skipped", ""];
  const removes = outcomes.filter((outcome) => runs("--remove-seed-roles", "true", outcome));
  expect(removes).toEqual(["cancelled", "failure"]);
  if (path === DEPLOY) expect(runs("--remove-seed-roles", "true", "failure", { dry_run: true })).toBe(false);
});
