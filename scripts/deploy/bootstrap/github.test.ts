// What bootstrap sets up on GitHub, for each plan.
import { expect, it } from "vitest";
import { SUBSCRIPTION } from "../azure-cli.fixture.ts";
import { answers, simulatedContext } from "./context.fixture.ts";
import { emptyGitHub, type GitHubState } from "./github.fixture.ts";
import { bootstrap } from "./order.ts";
import { stateAccountOf } from "./plan.ts";
import { emptyPrograms, type Programs } from "./programs.fixture.ts";

async function run(programs: Programs, reviewer = "no"): Promise<string> {
  const { context, lines } = simulatedContext(programs);
  await bootstrap(context, { answers: { ...answers, reviewer }, dryRun: false, confirmed: true });
  return lines.join("\n");
}
const withGitHub = (github: Partial<GitHubState>): Programs => ({
  ...emptyPrograms(),
  github: { ...emptyGitHub(), ...github },
});
const isPrivate = { repository: { ...emptyGitHub().repository, private: true } };
const review = (id: number) => ({ type: "required_reviewers", reviewers: [{ type: "User", reviewer: { id } }] });
const PROTECTED = { protected_branches: true, custom_branch_policies: false };
const CUSTOM = { protected_branches: false, custom_branch_policies: true };

it("bootstrap creates environments: production and the sweep for main only, a reviewer for previews", async () => {
  const programs = emptyPrograms();
  await run(programs);
  expect(programs.github.environments).toEqual({
    production: { protection_rules: [], deployment_branch_policy: CUSTOM, branches: ["main"] },
    preview: { protection_rules: [review(7)], deployment_branch_policy: null, branches: [] },
    "preview-sweep": { protection_rules: [], deployment_branch_policy: CUSTOM, branches: ["main"] },
  });
});

it("bootstrap makes the user the reviewer of production when that is chosen", async () => {
  const programs = emptyPrograms();
  await run(programs, "yes");
  expect(programs.github.environments.production?.protection_rules).toEqual([review(7)]);
  expect(programs.github.variables.WITH_REVIEWER).toBe("true");
});

it("bootstrap sets the variables that the workflows read, the one that lets them start last", async () => {
  const programs = emptyPrograms();
  await run(programs);
  const { identities, account } = programs.azure;
  const of = (environment: string, stage: string) => ({
    [`${environment}/AZURE_CLIENT_ID`]: identities[`vitae-deployer-${stage}`]?.clientId,
    [`${environment}/DEPLOYER_OBJECT_ID`]: identities[`vitae-deployer-${stage}`]?.principalId,
  });
  expect(programs.github.variables).toEqual({
    ...of("production", "production"),
    ...of("preview", "preview"),
    ...of("preview-sweep", "preview"),
    WITHOUT_ENVIRONMENTS: "false",
    WITH_REVIEWER: "false",
    AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
    AZURE_TENANT_ID: account.tenantId,
    STATE_ACCOUNT: stateAccountOf(SUBSCRIPTION),
  });
  expect(programs.github.writes.at(-1)).toBe("STATE_ACCOUNT");
  programs.github.variables.AZURE_TENANT_ID = "another";
  expect(await run(programs)).toContain(`variable AZURE_TENANT_ID=${account.tenantId}: changed`);
  expect(programs.github.variables.AZURE_TENANT_ID).toBe(account.tenantId);
});

it("where GitHub offers no environments, main may deploy, variables are the repository's, and there are no previews", async () => {
  const programs = withGitHub(isPrivate);
  expect(await run(programs)).toMatch(/environments: GitHub's plan has none for private .* there are no previews/);
  const { identities, groups } = programs.azure;
  expect(Object.keys(identities)).toEqual(["vitae-deployer-production"]);
  expect(Object.keys(groups)).toEqual(["vitae-state", "vitae-production"]);
  expect(identities["vitae-deployer-production"]?.credentials.map(({ subject }) => subject)).toEqual([
    "repo:ada/vitae:ref:refs/heads/main",
    "repo:ada@11/vitae@22:ref:refs/heads/main",
  ]);
  expect(programs.github.variables).toMatchObject({
    WITHOUT_ENVIRONMENTS: "true",
    WITH_REVIEWER: "false",
    AZURE_CLIENT_ID: identities["vitae-deployer-production"]?.clientId,
    DEPLOYER_OBJECT_ID: identities["vitae-deployer-production"]?.principalId,
  });
  expect(programs.budgets).toEqual({});
});

it("bootstrap deletes the credentials of the other form when a repository loses or gets environments", async () => {
  const programs = emptyPrograms();
  const subjects = () =>
    Object.values(programs.azure.identities).flatMap(({ credentials }) => credentials.map(({ subject }) => subject));
  await run(programs);
  programs.github.repository.private = true;
  programs.github.environments = {};
  // Without environments, a job of any branch could name one.
  expect(await run(programs)).toContain("accepts tokens of repo:ada/vitae:environment:preview: deleted");
  expect(subjects()).toEqual(["repo:ada/vitae:ref:refs/heads/main", "repo:ada@11/vitae@22:ref:refs/heads/main"]);
  programs.github.repository.private = false;
  await run(programs);
  expect(subjects()).toHaveLength(6);
  expect(subjects().join()).not.toContain("refs/heads");
  expect(programs.github.variables.WITHOUT_ENVIRONMENTS).toBe("false");
});

it("where GitHub's plan has no reviewers, bootstrap creates the environments without and says so", async () => {
  const programs = withGitHub({ ...isPrivate, plan: "pro" });
  const text = await run(programs);
  expect(text).toContain("environment production: created\n");
  expect(text).toMatch(/environment preview: created\. GitHub's plan has no reviewers/);
  expect(programs.github.environments.production?.branches).toEqual(["main"]);
  expect(programs.github.variables).toMatchObject({ WITHOUT_ENVIRONMENTS: "false", WITH_REVIEWER: "false" });
});

it.each(["free", "pro"] as const)(
  "bootstrap stops when an approval is chosen that GitHub's plan %s does not offer, and trusts no job",
  async (plan) => {
    const programs = withGitHub({ ...isPrivate, plan });
    await expect(run(programs, "yes")).rejects.toThrow(
      /no one can approve.*Make the repository public, or choose --reviewer no/,
    );
    expect(programs.azure.writes).toEqual([]);
  },
);

it("bootstrap adds its rules to an environment that a workflow created, and keeps what the owner set", async () => {
  const timer = { type: "wait_timer", wait_timer: 5 };
  const programs = withGitHub({
    environments: {
      production: { protection_rules: [timer, review(99)], deployment_branch_policy: null, branches: [] },
      preview: { protection_rules: [], deployment_branch_policy: CUSTOM, branches: ["preview/*"] },
      "preview-sweep": { protection_rules: [], deployment_branch_policy: PROTECTED, branches: [] },
    },
  });
  const text = await run(programs);
  expect(text).toContain("environment production: updated");
  expect(text).toContain("environment preview: updated");
  expect(programs.github.environments.preview).toEqual({
    ...{ protection_rules: [review(7)], deployment_branch_policy: CUSTOM, branches: ["preview/*"] },
  });
  expect(text).toContain("environment preview-sweep: already exists");
  expect(text).toContain("environment production: keeps the reviewers that it has on GitHub");
  expect(programs.github.environments.production).toEqual({
    protection_rules: [timer, review(99)],
    deployment_branch_policy: CUSTOM,
    branches: ["main"],
  });
  expect(programs.github.variables.WITH_REVIEWER).toBe("true");
});

it.each([
  ["of the token", "Resource not accessible by personal access token (HTTP 403)"],
  ["that are no matter of a public repository's plan", "Not Found (HTTP 404)"],
])("bootstrap stops when GitHub rejects an environment for reasons %s", async (_, message) => {
  const programs = emptyPrograms();
  const { context } = simulatedContext(programs);
  const run: typeof context.run = async (command, args, options) =>
    args.includes("PUT") ? { code: 1, stdout: "", stderr: `gh: ${message}\n` } : context.run(command, args, options);
  await expect(bootstrap({ ...context, run }, { answers, dryRun: false, confirmed: true })).rejects.toThrow(message);
  expect(programs.azure.writes).toEqual([]);
});

it("bootstrap stops when GitHub fails in between, and the next run sets what is missing", async () => {
  const programs = emptyPrograms();
  const { context } = simulatedContext(programs);
  const run: typeof context.run = async (command, args, options) =>
    args[2] === "AZURE_TENANT_ID"
      ? { code: 1, stdout: "", stderr: "HTTP 502: Bad Gateway\n" }
      : context.run(command, args, options);
  const options = { answers, dryRun: false, confirmed: true };
  await expect(bootstrap({ ...context, run }, options)).rejects.toThrow(/gh variable set AZURE_TENANT_ID.*502/s);
  expect(programs.github.variables).not.toHaveProperty("STATE_ACCOUNT");
  programs.github.writes.length = 0;
  await bootstrap(context, options);
  expect(programs.github.writes).toEqual(["AZURE_TENANT_ID", "STATE_ACCOUNT"]);
});
