// The order of npm run bootstrap: prerequisites, questions, confirmation, then the choices, GitHub and Azure.
import { existsSync, writeFileSync } from "node:fs";
import { type Choices, choicesSchema, formatChoices, readChoices } from "../../../infra/choices.ts";
import { readConfig } from "../../../infra/config.ts";
import { UsageError } from "../../command-line.ts";
import type { Ask } from "../ask.ts";
import { type Az, CommandError } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { prepareAzure, regionIssue } from "./azure.ts";
import type { Gh } from "./gh.ts";
import { createEnvironments, setVariables } from "./github.ts";
import { grantOperator } from "./operator.ts";
import { type Repository, stateAccountOf, UNKNOWN, variablesOf } from "./plan.ts";
import {
  type Account,
  checkAzure,
  checkGitHub,
  checkRepository,
  checkTarget,
  repositoryOfRemote,
} from "./prerequisites.ts";
import { type Answers, askQuestions, readFlags } from "./questions.ts";

export type BootstrapContext = Pick<DeployContext, "run" | "clock" | "log"> & {
  /** Asks on the terminal. Absent when standard input is not one. */
  readonly ask?: Ask;
  /** Path of the choices, as infra/choices.ts has it. */
  readonly file: string;
  /** Path of Terraform's lock file, which a deployment to production needs. */
  readonly lockFile: string;
};
export type BootstrapOptions = {
  readonly answers: Answers;
  readonly dryRun: boolean;
  /** Skips the confirmation. */
  readonly confirmed: boolean;
};

/** Stand for az and gh in a dry run that lacks them: whatever is looked up does not exist. */
const absent: { readonly az: Az; readonly gh: Gh } = {
  az: () => Promise.reject(new Error("NotFound: a dry run goes without az")),
  gh: () =>
    Promise.reject(new CommandError("gh", ["api"], { code: 1, stdout: "", stderr: "gh: Not Found (HTTP 404)" })),
};

/** Throws what is wrong with the flags together with what is missing, so that one run names everything. */
function requireNone(problems: readonly string[], issues: readonly string[] = []): void {
  const missing = problems.length > 0 ? ["These prerequisites are missing, and nothing was changed:"] : [];
  const lines = [...issues, ...missing, ...problems.map((problem) => `- ${problem}`)];
  if (lines.length > 0) throw new UsageError(lines.join("\n"));
}

/** @throws {UsageError} for missing prerequisites and wrong answers; otherwise the error of the step that failed */
export async function bootstrap(
  context: BootstrapContext,
  { answers, dryRun, confirmed }: BootstrapOptions,
): Promise<void> {
  const { run, log, ask, file } = context;
  const existing = readChoices(file);
  const remote = await repositoryOfRemote(run);

  const [azure, gitHub] = await Promise.all([checkAzure(run), checkGitHub(run)]);
  // On a terminal, a repository that was only proposed is checked as an answer.
  const known = choicesSchema.shape.repository.safeParse(
    answers.repository ?? (ask ? "" : (existing?.repository ?? remote)),
  );
  const repositoryProblems = async (gh: Gh, slug: string) => {
    const { value, problems } = await checkRepository(gh, slug);
    return value && azure.value ? checkTarget(gh, slug, azure.value.account) : problems;
  };
  const ofRepository = gitHub.value && known.success ? await repositoryProblems(gitHub.value, known.data) : [];
  const options = {
    ...{ flags: answers, existing, remote, log, needsConfirm: !confirmed && !dryRun },
    check: async (flag: keyof Answers, { repository, region }: Choices) => {
      if (flag === "repository" && repository !== known.data && gitHub.value && !dryRun)
        return (await repositoryProblems(gitHub.value, repository))[0];
      // A subscription that never used Microsoft.Web cannot tell; prepareAzure checks again.
      if (flag === "region" && azure.value)
        return regionIssue(azure.value, region).then(
          (issue) => issue && `--region ${issue}`,
          () => undefined,
        );
      return undefined;
    },
  };
  const fromFlags = await readFlags({ ...options, ...(ask && { ask }) });
  const problems = [...azure.problems, ...gitHub.problems, ...ofRepository];
  requireNone(dryRun ? [] : problems, fromFlags.issues);
  for (const problem of problems) log(`Not checked in this dry run: ${problem}`);
  if (problems.length > 0) log("What cannot be checked is listed as if it did not exist.");
  const az = azure.value?.az ?? absent.az;
  const gh = gitHub.value ?? absent.gh;

  const choices = ask ? await askQuestions({ ...options, ask }, fromFlags.choices) : fromFlags.choices;
  for (const stage of ["production", "preview-1"] as const) readConfig(stage, {}, choices);
  const account = azure.value?.account;
  summarize(log, choices, account);
  if (ask && !confirmed && !dryRun && !/^(?:y|yes|)$/i.test((await ask("Continue? [yes]: ")).trim()))
    throw new UsageError("stopped, and nothing was changed.");

  const repository = await readRepository(gh, choices.repository, dryRun);
  writeChoices(context, choices, dryRun);
  await setUp(context, { choices, az, gh, account, repository, dryRun });
  if (dryRun) log("This was a dry run: nothing was changed.");
  else nextSteps(context);
}

function summarize(log: (line: string) => void, choices: Choices, account: Account | undefined): void {
  const { repository, region, origins, site, ownerEmail, reviewer } = choices;
  log("");
  log(`subscription  ${account ? `${account.name} (${account.id})` : UNKNOWN}`);
  log(`repository    ${repository}`);
  log(`region        ${region}`);
  log(`page          ${[...origins, ...(site ? ["the static website of this deployment"] : [])].join(", ")}`);
  log(`owner         ${ownerEmail}`);
  log(`approval      ${reviewer ? "you approve each deployment to production" : "none: a push to main deploys"}`);
  log("");
}

function writeChoices({ log, file }: BootstrapContext, choices: Choices, dryRun: boolean): void {
  const text = formatChoices(choices);
  const before = readChoices(file);
  const same = before !== undefined && formatChoices(before) === text;
  if (!same && !dryRun) writeFileSync(file, text);
  const outcome = before ? "changed" : "created";
  log(`infra/choices.json: ${same ? "already exists" : dryRun ? `would be ${outcome}` : outcome}`);
}

/** With the names as GitHub writes them. Without gh, in a dry run, with unknown ids. */
async function readRepository(gh: Gh, slug: string, dryRun: boolean): Promise<Repository> {
  const { value, problems } = await checkRepository(gh, slug);
  if (!dryRun) requireNone(problems);
  const [owner = "", name = ""] = slug.split("/");
  return value ?? { owner, name, ownerId: UNKNOWN, id: UNKNOWN, isPrivate: false };
}

async function setUp(
  { clock, log }: BootstrapContext,
  options: {
    readonly choices: Choices;
    readonly az: Az;
    readonly gh: Gh;
    readonly account: Account | undefined;
    readonly repository: Repository;
    readonly dryRun: boolean;
  },
): Promise<void> {
  const { choices, az, gh, account, repository, dryRun } = options;
  const subscriptionId = account?.id ?? UNKNOWN;
  const stateAccount = account ? stateAccountOf(account.id) : `vitaestate${UNKNOWN}`;
  // First, since they decide whose tokens Azure accepts.
  const environments = await createEnvironments({ gh, log, dryRun }, repository, choices.reviewer);
  const identities = await prepareAzure({
    ...{ az, clock, log, dryRun, subscriptionId, stateAccount, repository, region: choices.region },
    withEnvironments: environments.withEnvironments,
  });
  const tenantId = account?.tenantId ?? UNKNOWN;
  const variables = variablesOf({ subscriptionId, tenantId, stateAccount, identities, ...environments });
  await setVariables({ gh, log, dryRun }, `${repository.owner}/${repository.name}`, variables);
}

function nextSteps({ log, lockFile }: BootstrapContext): void {
  const isLocked = existsSync(lockFile);
  log("");
  log("Azure and GitHub are set up. Commit the choices and push, which starts the first deployment.");
  if (!isLocked) {
    log("It also needs the lock file of Terraform's providers, which the run of each push makes:");
    log("  gh run download --name terraform-lock --dir infra");
  }
  const files = ["infra/choices.json", ...(isLocked ? [] : ["infra/.terraform.lock.hcl"])];
  log(`  git add ${files.join(" ")} && git commit -m "Choose region, page and owner" && git push`);
}

/** Grants a person the roles of a deployment from a laptop. */
export async function bootstrapOperator(
  { run, clock, log }: BootstrapContext,
  { operator, dryRun }: { readonly operator: string; readonly dryRun: boolean },
): Promise<void> {
  const { value, problems } = await checkAzure(run);
  if (!value) return requireNone(problems);
  const { az, account } = value;
  const stateAccount = stateAccountOf(account.id);
  await grantOperator({ az, clock, log, dryRun, subscriptionId: account.id, stateAccount }, operator);
  log("");
  log(
    dryRun
      ? "This was a dry run: nothing was changed."
      : "New roles take up to ten minutes to take effect. Then: npm run deploy -- --stage production",
  );
}
