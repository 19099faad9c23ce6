// What must be there before bootstrap changes anything: az and gh, logged in, with the rights to the subscription and repository.
import { type Az, CommandError, createAz, inSubscription, type Run } from "../command.ts";
import { MINUTE } from "../retry.ts";
import { createGh, type Gh, getFromGitHub, statusOf } from "./gh.ts";
import { type Repository, stateAccountOf } from "./plan.ts";

export type Account = { readonly id: string; readonly name: string; readonly tenantId: string };
/** What can be used, or what to do first: one line for each missing prerequisite, with its command. */
export type Check<T> = { readonly value?: T; readonly problems: readonly string[] };

/** `az provider register --wait` is the longest call. */
const AZ_CALL_MS = 15 * MINUTE;

/** Whether the program could not be started at all, as run() reports it. */
const isMissing = (error: unknown) =>
  error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";

/** Without a login, and with one that has expired. */
const isLoginError = (error: unknown) => /az login|AADSTS/.test(String(error));

/** A command of bootstrap that the program lacks in older versions, such as those of Linux distributions. */
async function checkVersion(run: Run, [program, ...command]: readonly [string, ...string[]], cure: string) {
  const result = await run(program, [...command, "--help"], { timeoutMs: MINUTE }).catch(() => undefined);
  // A program that cannot be started is reported by its own check.
  if (!result || result.code === 0) return [];
  return [`${program} is too old, as it has no "${command.join(" ")}": ${cure}`];
}

/** Checks that az is installed, recent, logged in, has a subscription, and may create groups and assign roles in it. */
export async function checkAzure(run: Run): Promise<Check<AzureAccess>> {
  const [problems, check] = await Promise.all([
    checkVersion(
      run,
      ["az", "functionapp", "list-flexconsumption-locations"],
      "az upgrade, or https://aka.ms/azure-cli",
    ),
    checkLogin(run),
  ]);
  return { ...check, problems: [...problems, ...check.problems] };
}

type AzureAccess = { readonly az: Az; readonly account: Account };

async function checkLogin(run: Run): Promise<Check<AzureAccess>> {
  const az = createAz(run, AZ_CALL_MS);
  type Shown = Account & { readonly state: string; readonly user: { readonly name: string } };
  try {
    const account = (await az("account", "show")) as Shown;
    // `az login --allow-no-subscriptions` has an account of the tenant alone.
    if (account.state !== "Enabled" || account.name.startsWith("N/A("))
      return {
        problems: [
          `az has no usable subscription, received "${account.name}" (${account.state}): az account set --subscription NAME-OR-ID`,
        ],
      };
    if (await maySetUp(az, account.id))
      return { value: { az: createAz(inSubscription(run, account.id), AZ_CALL_MS), account }, problems: [] };
    const { name } = account.user;
    return {
      problems: [
        `${name} must have the role Owner on the subscription ${account.name}. One of its owners can assign it: ` +
          `az role assignment create --role Owner --assignee ${name} --scope /subscriptions/${account.id}`,
      ],
    };
  } catch (error) {
    if (isMissing(error)) return { problems: ["az is not installed: https://aka.ms/azure-cli"] };
    if (isLoginError(error)) return { problems: ["az is not logged in: az login"] };
    throw error;
  }
}

/**
 * By the effective permissions of the signed-in user, from all roles and groups. True when Azure does not report them: then
 * the first call without permission says so.
 */
async function maySetUp(az: Az, subscriptionId: string): Promise<boolean> {
  const url = `https://management.azure.com/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
  type Permissions = { readonly value: readonly { readonly actions: string[]; readonly notActions: string[] }[] };
  const permissions = (await az("rest", "--method", "get", "--url", url).catch((error) => {
    if (isLoginError(error)) throw error;
  })) as Permissions | undefined;
  if (!permissions) return true;
  const covers = (patterns: readonly string[], action: string) =>
    patterns.some((pattern) =>
      new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`, "i").test(action),
    );
  return [
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Authorization/roleAssignments/write",
  ].every((action) =>
    permissions.value.some(({ actions, notActions }) => covers(actions, action) && !covers(notActions, action)),
  );
}

/** Checks that gh is installed, recent and logged in. */
export async function checkGitHub(run: Run): Promise<Check<Gh>> {
  const [problems, check] = await Promise.all([
    checkVersion(run, ["gh", "variable", "set"], "https://cli.github.com"),
    checkGitHubLogin(createGh(run)),
  ]);
  return { ...check, problems: [...problems, ...check.problems] };
}

async function checkGitHubLogin(gh: Gh): Promise<Check<Gh>> {
  try {
    await gh(["api", "user"]);
    return { value: gh, problems: [] };
  } catch (error) {
    if (isMissing(error)) return { problems: ["gh is not installed: https://cli.github.com"] };
    // gh exits with 4 without a login; GitHub responds with 401 to an expired one.
    const isLogin = error instanceof CommandError && (error.result.code === 4 || statusOf(error) === 401);
    return {
      problems: [
        isLogin ? "gh is not logged in: gh auth login" : `GitHub does not respond. ${(error as Error).message}`,
      ],
    };
  }
}

/** Checks that the repository exists and that the user administers it. @param slug owner/name */
export async function checkRepository(gh: Gh, slug: string): Promise<Check<Repository>> {
  type Response = {
    readonly id: number;
    readonly name: string;
    readonly private: boolean;
    readonly owner: { readonly id: number; readonly login: string };
    readonly permissions?: { readonly admin: boolean };
  };
  const found = await getFromGitHub<Response>(gh, `repos/${slug}`);
  if (!found)
    return {
      problems: [
        `the repository ${slug} does not exist, or your account cannot see it: gh repo create ${slug} --public --source . --push`,
      ],
    };
  if (!found.permissions?.admin)
    return {
      problems: [
        `you must be an administrator of the repository ${slug}. Log in as one: gh auth login. Or make a copy of your own: docs/deploy.md, step 1`,
      ],
    };
  // As GitHub writes it: the subject of a token is compared exactly.
  const { id, name, owner } = found;
  return {
    value: { owner: owner.login, name, ownerId: String(owner.id), id: String(id), isPrivate: found.private },
    problems: [],
  };
}

/**
 * Checks that the repository does not deploy to another subscription already, such as after a forgotten `az account set`:
 * its next deployment would begin with no data, and what exists would go on costing.
 */
export async function checkTarget(gh: Gh, slug: string, { id, name }: Account): Promise<readonly string[]> {
  const state = await getFromGitHub<{ value: string }>(gh, `repos/${slug}/actions/variables/STATE_ACCOUNT`);
  if (!state || state.value === stateAccountOf(id)) return [];
  return [
    `${slug} deploys to another subscription than ${name}, one with the storage account ${state.value}. Select it: ` +
      `az account set --subscription NAME-OR-ID. Or give it up: gh variable delete STATE_ACCOUNT --repo ${slug}`,
  ];
}

/** The repository of the remote `origin` on GitHub, as OWNER/NAME. */
export async function repositoryOfRemote(run: Run): Promise<string | undefined> {
  const { code, stdout } = await run("git", ["remote", "get-url", "origin"], { timeoutMs: MINUTE }).catch(() => ({
    code: 1,
    stdout: "",
  }));
  return code === 0 ? repositoryOfUrl(stdout.trim()) : undefined;
}

/** @param url as git has it, by HTTPS or SSH */
export function repositoryOfUrl(url: string): string | undefined {
  return /^(?:https:\/\/(?:[^@/]+@)?|ssh:\/\/git@|git@)github\.com[:/]([\w-]+\/[\w.-]+?)(?:\.git)?\/?$/i.exec(url)?.[1];
}
