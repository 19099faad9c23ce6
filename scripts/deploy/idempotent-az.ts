// Creates Azure resources with az unless they exist, and reports each as created or existing.
import type { Az } from "./command.ts";
import type { Role } from "./deployer-roles.ts";

export type AzContext = {
  readonly az: Az;
  /** Only reads, and reports what it would create. */
  readonly dryRun: boolean;
};
type Assignment = { readonly id: string; readonly condition: string | null };

/** In a dry run a list below a missing parent is empty. */
export async function list<T>({ az, dryRun }: AzContext, ...args: string[]): Promise<T[]> {
  try {
    return (await az(...args)) as T[];
  } catch (error) {
    if (dryRun && /NotFound/.test(String(error))) return [];
    throw error;
  }
}

/** Runs the az command unless the item exists, and returns the line to report. */
export async function create(
  context: AzContext,
  item: { name: string; exists: boolean },
  ...args: string[]
): Promise<string> {
  if (item.exists) return `${item.name}: already exists`;
  if (context.dryRun) return `${item.name}: would be created`;
  await context.az(...args);
  return `${item.name}: created`;
}

export type RoleGrant = {
  readonly deployer: string;
  readonly principalId: string;
  readonly role: Role;
  readonly scope: string;
  readonly condition?: string;
};

export async function assignRole(context: AzContext, grant: RoleGrant): Promise<string> {
  const { deployer, principalId, role, scope, condition = null } = grant;
  const name = `${deployer} is ${role.name} on ${scope}${condition ? " for the app's roles only" : ""}`;
  const existing = await list<Assignment>(
    context,
    ...["role", "assignment", "list", "--scope", scope, "--role", role.id],
    ...["--query", `[?principalId=='${principalId}' && scope=='${scope}']`],
  );
  const exists = existing.some((assignment) => assignment.condition === condition);
  // Azure permits one assignment of a role on a scope, so one with another condition is replaced.
  if (!exists && !context.dryRun)
    for (const { id } of existing) await context.az("role", "assignment", "delete", "--ids", id);
  return create(
    context,
    { name, exists },
    ...["role", "assignment", "create", "--assignee-object-id", principalId],
    ...["--assignee-principal-type", "ServicePrincipal", "--role", role.id, "--scope", scope],
    ...(condition ? ["--condition", condition, "--condition-version", "2.0"] : []),
  );
}
