// Simulates what bootstrap finds: a subscription behind az with Azure's delays and rejections, and a repository behind gh.
import { randomUUID } from "node:crypto";
import { AzureError, emptySubscription, parseAz, runAz, type Subscription } from "../azure-cli.fixture.ts";
import type { CommandResult } from "../command.ts";
import { roles } from "./deployer-roles.ts";
import { emptyGitHub, type GitHubState } from "./github.fixture.ts";

export type Programs = {
  azure: Subscription;
  github: GitHubState;
  missing: ("az" | "gh")[];
  /** Versions without the newest commands that bootstrap uses. */
  old: ("az" | "gh")[];
  /** Undefined: az is not logged in. */
  azLogin: { name: string; state: string } | undefined;
  isOwner: boolean;
  flexRegions: string[];
  /** How many role assignments fail because the new identity or role is not known everywhere yet. */
  unknownIdentities: number;
  unknownRoles: number;
  /** How often the list of roles lacks a new one. */
  hiddenRoleLists: number;
  budgets: Record<string, unknown>;
  /** Whether Azure has budgets for the subscription. */
  hasBudgets: boolean;
  remote: string | undefined;
  /** The az command that fails, by its beginning. */
  azFails: string;
  /** The command line that never ends, by its beginning. */
  hangs: string | undefined;
  /** The command line that has its effect and then fails, by its beginning. */
  failsAfterwards: string | undefined;
  /** The command line that succeeds and prints nothing, by its beginning. */
  isSilent: string | undefined;
};

export const emptyPrograms = (): Programs => ({
  azure: emptySubscription(),
  github: emptyGitHub(),
  missing: [],
  old: [],
  azLogin: { name: "Ada's subscription", state: "Enabled" },
  isOwner: true,
  flexRegions: ["Sweden Central", "northeurope"],
  unknownIdentities: 0,
  unknownRoles: 0,
  hiddenRoleLists: 0,
  budgets: {},
  hasBudgets: true,
  remote: "git@github.com:ada/vitae.git",
  azFails: "",
  hangs: undefined,
  failsAfterwards: undefined,
  isSilent: undefined,
});

const USER = { id: "5a1c3b1e-2f0d-4a5b-8c7d-112233445566", userPrincipalName: "ada@ada.dev" };
const GUEST = { id: "0f0e0d0c-1111-4222-8333-445566778899", userPrincipalName: "eve_eve.dev#EXT#@ada.dev" };

/** What azure-cli.fixture.ts does not simulate. Returns undefined for all other commands. */
function runSetUpCommand(programs: Programs, args: readonly string[]): { value: unknown } | undefined {
  const { azure } = programs;
  const { command, flags } = parseAz(args);
  const url = flags.url ?? "";
  const definitionOf = () => {
    const { Name, Actions } = JSON.parse(flags["role-definition"] ?? "");
    return { roleName: Name as string, actions: Actions as string[] };
  };
  switch (command) {
    case "account show":
      return { value: { ...azure.account, ...programs.azLogin, user: { name: USER.userPrincipalName } } };
    case "functionapp list-flexconsumption-locations":
      if (!azure.providers.includes("Microsoft.Web")) throw new AzureError("(MissingSubscriptionRegistration)");
      return { value: programs.flexRegions.map((name) => ({ name })) };
    case "ad signed-in-user show":
      return { value: USER };
    case "ad user show":
      if (flags.id === USER.id || flags.id === USER.userPrincipalName) return { value: USER };
      throw new AzureError(`Resource '${flags.id}' does not exist or one of its queried reference-property objects`);
    case "ad user list":
      if (flags.filter === "mail eq 'shared@ada.dev'") return { value: [GUEST, USER] };
      return { value: flags.filter === "mail eq 'eve@eve.dev'" ? [GUEST] : [] };
    case "identity create": {
      runAz(azure, args);
      return { value: azure.identities[flags.name ?? ""] };
    }
    case "identity federated-credential delete": {
      const identity = azure.identities[flags["identity-name"] ?? ""];
      if (identity) identity.credentials = identity.credentials.filter(({ name }) => name !== flags.name);
      azure.writes.push(command);
      return { value: undefined };
    }
    case "role definition list": {
      if (programs.hiddenRoleLists > 0 && azure.definitions.length > 0) {
        programs.hiddenRoleLists -= 1;
        return { value: [] };
      }
      const found = azure.definitions.filter(({ roleName }) => roleName === flags.name);
      return { value: found.map(({ actions, ...rest }) => ({ ...rest, permissions: [{ actions }] })) };
    }
    case "role definition create": {
      const definition = { name: randomUUID(), ...definitionOf() };
      if (azure.definitions.some(({ roleName }) => roleName === definition.roleName))
        throw new AzureError("(RoleDefinitionWithSameNameExists) A custom role with the same name already exists.");
      azure.definitions.push(definition);
      azure.writes.push(command);
      return { value: definition };
    }
    case "role definition update": {
      const { roleName, actions } = definitionOf();
      const found = azure.definitions.find((definition) => definition.roleName === roleName);
      if (found) found.actions = actions;
      azure.writes.push(command);
      return { value: undefined };
    }
    case "role assignment create": {
      checkAssignment(programs, flags);
      return undefined;
    }
  }
  if (command === "rest" && url.includes("Microsoft.Authorization/permissions"))
    return {
      value: { value: [{ actions: ["*"], notActions: programs.isOwner ? [] : ["Microsoft.Authorization/*/Write"] }] },
    };
  if (command === "rest" && url.includes("Microsoft.Consumption/budgets"))
    return { value: callBudgets(programs, flags) };
  return undefined;
}

/** Rejects principals and roles that do not exist, and new ones for a while. */
function checkAssignment(programs: Programs, flags: Readonly<Record<string, string>>): void {
  const { azure } = programs;
  const { role = "", "assignee-object-id": principal = "" } = flags;
  const principals = [USER.id, GUEST.id, ...Object.values(azure.identities).map(({ principalId }) => principalId)];
  const isCustom = azure.definitions.some(({ name }) => name === role);
  const isRole = isCustom || Object.values(roles).some(({ id }) => id === role);
  if (!isRole || (isCustom && programs.unknownRoles-- > 0))
    throw new AzureError(
      `(RoleDefinitionDoesNotExist) The specified role definition with ID '${role}' does not exist.`,
    );
  if (!principals.includes(principal) || programs.unknownIdentities-- > 0)
    throw new AzureError(`(PrincipalNotFound) Principal ${principal} does not exist in the directory.`);
}

function callBudgets(programs: Programs, { method, url = "", body = "{}" }: Readonly<Record<string, string>>): unknown {
  if (!programs.hasBudgets)
    throw new AzureError('Bad Request({"error":{"message":"Cost Management is not supported"}})');
  const name = /budgets\/([\w-]+)\?/.exec(url)?.[1] ?? "";
  if (method === "put") programs.budgets[name] = JSON.parse(body);
  return { value: Object.keys(programs.budgets).map((budget) => ({ name: budget })) };
}

export function runAzure(programs: Programs, all: readonly string[]): CommandResult {
  const args = all.filter((arg) => arg !== "--only-show-errors" && arg !== "--output" && arg !== "json");
  const fail = (message: string) => ({ code: 1, stdout: "", stderr: `ERROR: ${message}\n` });
  if (!programs.azLogin) return fail("Please run 'az login' to setup account.");
  // In another terminal, `az account set` selects another subscription meanwhile.
  if (/ (?:create|delete|register|update)$/.test(parseAz(args).command) && !args.includes("--subscription"))
    return fail("This would change another subscription.");
  if (programs.azFails && args.join(" ").startsWith(programs.azFails))
    return fail("(AuthorizationFailed) The client does not have authorization.");
  try {
    const special = runSetUpCommand(programs, args);
    const value = special ? special.value : runAz(programs.azure, args);
    return { code: 0, stdout: value === undefined ? "" : JSON.stringify(value), stderr: "" };
  } catch (error) {
    if (error instanceof AzureError) return fail(error.message);
    throw error;
  }
}
