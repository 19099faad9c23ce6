// Makes what bootstrap-plan.ts names, piece by piece; each is told, created or standing, so a second run changes nothing.
import {
  AUDIENCE,
  credentialsOf,
  type Deployer,
  deployers,
  githubCommands,
  ISSUER,
  type Repository,
  resourceProviders,
  STATE_GROUP,
  stateAccountOf,
} from "./bootstrap-plan.ts";
import type { Az } from "./command.ts";
import { assignmentCondition, lookupRole, purgeRole, roles } from "./deployer-roles.ts";

export type BootstrapOptions = {
  readonly az: Az;
  readonly repository: Repository;
  /** Where the state and the groups stand. */
  readonly location: string;
  /** Reads, and says what it would make. */
  readonly dryRun: boolean;
};
type Identity = { readonly clientId: string; readonly principalId: string };
type Assignment = { readonly id: string; readonly condition: string | null };

/** Days that a deleted or replaced state can be brought back. */
const STATE_DAYS = "30";

/**
 * @yields one line for each thing, once it stands
 * @throws {CommandError} of the call of az that failed; run it again, and it goes on from there
 */
export async function* bootstrap({ az, repository, location, dryRun }: BootstrapOptions): AsyncGenerator<string> {
  const account = (await az("account", "show")) as { id: string; tenantId: string };
  const subscription = `/subscriptions/${account.id}`;
  const stateAccount = stateAccountOf(account.id);
  const stateAccountId = `${subscription}/resourceGroups/${STATE_GROUP}/providers/Microsoft.Storage/storageAccounts/${stateAccount}`;
  yield `subscription ${account.id} of tenant ${account.tenantId}`;

  /** Lists read an absent parent as empty; every other fault of theirs ends the run. */
  async function listed<T>(...args: string[]): Promise<T[]> {
    try {
      return (await az(...args)) as T[];
    } catch (error) {
      if (dryRun && /NotFound/.test(String(error))) return [];
      throw error;
    }
  }
  async function make(what: string, stands: boolean, ...args: string[]): Promise<string> {
    if (stands) return `${what}: stood already`;
    if (dryRun) return `${what}: would be created`;
    await az(...args);
    return `${what}: created`;
  }
  async function grant(options: {
    readonly who: string;
    readonly principalId: string;
    readonly role: { readonly name: string; readonly id: string };
    readonly scope: string;
    readonly condition?: string;
  }): Promise<string> {
    const { who, principalId, role, scope, condition = null } = options;
    const what = `${who} is ${role.name} on ${scope}${condition ? " for the app's roles only" : ""}`;
    const standing = await listed<Assignment>(
      ...["role", "assignment", "list", "--scope", scope, "--role", role.id],
      ...["--query", `[?principalId=='${principalId}' && scope=='${scope}']`],
    );
    if (standing.some((it) => it.condition === condition)) return `${what}: stood already`;
    // With another condition it permits something else; Azure does not take two of one role.
    if (!dryRun) for (const { id } of standing) await az("role", "assignment", "delete", "--ids", id);
    return make(
      what,
      false,
      ...["role", "assignment", "create", "--assignee-object-id", principalId],
      ...["--assignee-principal-type", "ServicePrincipal", "--role", role.id, "--scope", scope],
      ...(condition ? ["--condition", condition, "--condition-version", "2.0"] : []),
    );
  }

  const registered = (await az(
    "provider",
    "list",
    "--query",
    "[?registrationState=='Registered'].namespace",
  )) as string[];
  for (const namespace of resourceProviders)
    yield await make(
      `resource provider ${namespace}`,
      registered.includes(namespace),
      ...["provider", "register", "--namespace", namespace, "--wait"],
    );

  const groups = (await az("group", "list", "--query", "[].name")) as string[];
  for (const group of [STATE_GROUP, ...deployers.map((deployer) => deployer.group)])
    yield await make(
      `resource group ${group}`,
      groups.includes(group),
      ...["group", "create", "--name", group, "--location", location, "--tags", "app=vitae"],
    );

  const inState = ["--resource-group", STATE_GROUP];
  const accounts = await listed<{ name: string }>("storage", "account", "list", ...inState);
  yield await make(
    `storage account ${stateAccount}`,
    accounts.some(({ name }) => name === stateAccount),
    ...["storage", "account", "create", "--name", stateAccount, ...inState, "--location", location],
    ...["--sku", "Standard_LRS", "--kind", "StorageV2", "--allow-shared-key-access", "false"],
    ...["--allow-blob-public-access", "false", "--min-tls-version", "TLS1_2", "--https-only", "true"],
    ...["--allow-cross-tenant-replication", "false"],
  );
  const onAccount = ["--account-name", stateAccount, ...inState];
  // Setting them again is harmless, and mends an account whose first run ended here.
  if (!dryRun)
    await az(
      ...["storage", "account", "blob-service-properties", "update", ...onAccount, "--enable-versioning", "true"],
      ...["--enable-delete-retention", "true", "--delete-retention-days", STATE_DAYS],
      ...["--enable-container-delete-retention", "true", "--container-delete-retention-days", STATE_DAYS],
    );
  yield `versions and deleted blobs of ${stateAccount}: kept for ${STATE_DAYS} days`;

  const containers = await listed<{ name: string }>(
    ...["storage", "container-rm", "list", "--storage-account", stateAccount, ...inState],
  );
  for (const { container } of deployers)
    yield await make(
      `container ${container} of ${stateAccount}`,
      containers.some(({ name }) => name === container),
      // By the management plane: who runs this owns the subscription, but has no role on data.
      ...["storage", "container-rm", "create", "--storage-account", stateAccount, ...inState, "--name", container],
    );

  const identities = new Map<Deployer, Identity>();
  for (const deployer of deployers) {
    const { identity: who, group, container } = deployer;
    const find = async () =>
      (await listed<Identity & { name: string }>("identity", "list", ...inState)).find(({ name }) => name === who);
    yield await make(
      `identity ${who}`,
      (await find()) !== undefined,
      ...["identity", "create", "--name", who, ...inState, "--location", location],
    );
    const identity = (await find()) ?? { clientId: "CLIENT-ID", principalId: "OBJECT-ID" };
    identities.set(deployer, identity);

    const at = ["--identity-name", who, ...inState];
    const standing = await listed<{ name: string; subject: string }>("identity", "federated-credential", "list", ...at);
    // One after the other: Azure refuses two writes to one identity's credentials at once.
    for (const { name, subject } of credentialsOf(deployer, repository))
      yield await make(
        `${who} takes tokens of ${subject}`,
        standing.some((it) => it.name === name && it.subject === subject),
        ...["identity", "federated-credential", "create", "--name", name, ...at],
        ...["--issuer", ISSUER, "--subject", subject, "--audiences", AUDIENCE],
      );

    const groupId = `${subscription}/resourceGroups/${group}`;
    const { principalId } = identity;
    yield await grant({ who, principalId, role: roles.contributor, scope: groupId });
    const role = roles.accessAdministrator;
    yield await grant({ who, principalId, role, scope: groupId, condition: assignmentCondition });
    const scope = `${stateAccountId}/blobServices/default/containers/${container}`;
    yield await grant({ who, principalId, role: roles.blobContributor, scope });

    for (const role of deployer.purges ? [lookupRole, purgeRole] : [lookupRole]) {
      const findRole = async () =>
        (await listed<{ name: string }>("role", "definition", "list", "--name", role.name))[0]?.name;
      const definition = {
        Name: role.name,
        Description: role.description,
        Actions: role.actions,
        AssignableScopes: [subscription],
      };
      yield await make(
        `role ${role.name}`,
        (await findRole()) !== undefined,
        ...["role", "definition", "create", "--role-definition", JSON.stringify(definition)],
      );
      const custom = { name: role.name, id: (await findRole()) ?? "ROLE-ID" };
      yield await grant({ who, principalId, role: custom, scope: subscription });
    }
  }

  yield "";
  yield "Next, tell GitHub. Whoever runs these becomes the reviewer of both environments; none of it is secret:";
  const { id: subscriptionId, tenantId } = account;
  yield* githubCommands({ repository, subscriptionId, tenantId, stateAccount, identities });
}
