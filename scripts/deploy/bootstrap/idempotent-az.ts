// Creates Azure resources with az unless they exist, and reports each as created or existing.
import { type Az, CommandError } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { MINUTE, retry } from "../retry.ts";
import type { RoleDefinition } from "./deployer-roles.ts";
import { describeGrant, type Grant } from "./operator-grants.ts";

export type AzContext = Pick<DeployContext, "clock" | "log"> & {
  readonly az: Az;
  /** Only reads, and reports what it would create. */
  readonly dryRun: boolean;
};
type ExistingAssignment = { readonly id: string; readonly condition?: string | null };
type ExistingDefinition = { readonly name: string; readonly permissions: readonly { readonly actions: string[] }[] };

/** In a dry run a list below a missing parent is empty. */
export async function list<T>({ az, dryRun }: Pick<AzContext, "az" | "dryRun">, ...args: string[]): Promise<T[]> {
  try {
    return (await az(...args)) as T[];
  } catch (error) {
    if (dryRun && /NotFound/.test(String(error))) return [];
    throw error;
  }
}

/** Runs the az command unless the item exists, and reports which. Returns the output of the command, if it ran. */
export async function create(
  { az, dryRun, log }: AzContext,
  item: { readonly name: string; readonly exists: boolean },
  ...args: string[]
): Promise<unknown> {
  if (item.exists || dryRun) {
    log(`${item.name}: ${item.exists ? "already exists" : "would be created"}`);
    return undefined;
  }
  const output = await az(...args);
  log(`${item.name}: created`);
  return output;
}

/**
 * A new identity or role reaches all of Entra ID and Azure within minutes. Until then an assignment fails with one of
 * these, and passes later: azurerm retries the first too (role_assignment_resource.go).
 */
function replicationReason(error: unknown): string | undefined {
  if (!(error instanceof CommandError)) return undefined;
  if (/PrincipalNotFound|does not exist in the directory/.test(error.message))
    return "The new identity is not known everywhere yet";
  return /RoleDefinitionDoesNotExist|RoleAssignmentScopeNotAssignableToRoleDefinition/.test(error.message)
    ? "The new role is not known everywhere yet"
    : undefined;
}

export type Principal = {
  /** For the report. */
  readonly name: string;
  /** Object id. Undefined in a dry run in which the principal does not exist. */
  readonly id: string | undefined;
  readonly type: "ServicePrincipal" | "User";
};

/** Assigns the role to the principal. A grant whose role has no id is of a role that a dry run would create. */
export async function assignRole(context: AzContext, principal: Principal, grant: Grant): Promise<void> {
  const { role, scope, condition = null } = grant;
  const name = `${principal.name} is ${describeGrant(grant)}`;
  const known = principal.id !== undefined && role.id !== undefined ? { id: principal.id, roleId: role.id } : undefined;
  if (!known && !context.dryRun)
    throw new Error(`${name}: az printed no id of the role or of who gets it. Run npm run bootstrap again.`);
  const existing = known
    ? await list<ExistingAssignment>(
        context,
        ...["role", "assignment", "list", "--scope", scope, "--role", known.roleId],
        ...["--query", `[?principalId=='${known.id}' && scope=='${scope}']`],
      )
    : [];
  const exists = existing.some((assignment) => (assignment.condition ?? null) === condition);
  if (!known || exists || context.dryRun) return void (await create({ ...context, dryRun: true }, { name, exists }));
  // Azure permits one assignment of a role on a scope, so one with another condition is replaced.
  for (const { id } of existing) await context.az("role", "assignment", "delete", "--ids", id);
  await retry(
    context,
    () =>
      create(
        context,
        { name, exists },
        ...["role", "assignment", "create", "--assignee-object-id", known.id],
        ...["--assignee-principal-type", principal.type, "--role", known.roleId, "--scope", scope],
        ...(condition ? ["--condition", condition, "--condition-version", "2.0"] : []),
      ),
    { timeoutMs: 5 * MINUTE, intervalMs: 10_000, retryReason: replicationReason },
  );
}

/** Returns the id of the custom role: it is created, or updated when its actions differ. Undefined if a dry run would create it. */
export async function ensureRole(
  context: AzContext,
  role: RoleDefinition,
  subscription: string,
): Promise<string | undefined> {
  const { az, dryRun, log } = context;
  const find = async () =>
    (await list<ExistingDefinition>(context, "role", "definition", "list", "--name", role.name))[0];
  const name = `role ${role.name}`;
  const definition = JSON.stringify({
    ...{ Name: role.name, Description: role.description, Actions: role.actions },
    AssignableScopes: [subscription],
  });
  const found = await find();
  if (!found) {
    const args = ["role", "definition", "create", "--role-definition", definition];
    // The id is that of the response: a list may not show the new role for minutes (azure-cli issue 20727).
    const created = create(context, { name, exists: false }, ...args) as Promise<{ name: string } | undefined>;
    return (
      await created.catch(async (error) => {
        // Created by an earlier run, and not in the list yet.
        if (!/RoleDefinitionWithSameNameExists/.test(String(error))) throw error;
        const late = async () => (await find()) ?? Promise.reject(error);
        const retryReason = () => `The ${name} exists and is not listed yet`;
        return retry(context, late, { timeoutMs: 2 * MINUTE, intervalMs: 10_000, retryReason });
      })
    )?.name;
  }
  const actions = found.permissions.flatMap((permission) => permission.actions);
  const same = [...actions].sort().join() === [...role.actions].sort().join();
  if (!same && !dryRun) await az("role", "definition", "update", "--role-definition", definition);
  log(`${name}: ${same ? "already exists" : dryRun ? "would be updated" : "updated"}`);
  return found.name;
}
