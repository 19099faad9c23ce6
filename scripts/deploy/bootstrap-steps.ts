// Creates what bootstrap-plan.ts lists and reports each item as created or existing. A second run changes nothing.
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
import { assignmentCondition, lookupRole, purgeRole, type Role, roles } from "./deployer-roles.ts";
import { type AzContext, assignRole, create, list } from "./idempotent-az.ts";

export type BootstrapOptions = AzContext & {
  readonly repository: Repository;
  /** Azure region of the groups and the state. */
  readonly location: string;
};
type Identity = { readonly clientId: string; readonly principalId: string };
type Context = BootstrapOptions & {
  /** `/subscriptions/…` */
  readonly subscription: string;
  readonly stateAccount: string;
};

/** Days for which a deleted or replaced state can be restored. */
const STATE_DAYS = "30";
const IN_STATE_GROUP = ["--resource-group", STATE_GROUP];

/**
 * @yields one line for each item, once it exists
 * @throws {CommandError} of the az call that failed; the next run continues from there
 */
export async function* bootstrap(options: BootstrapOptions): AsyncGenerator<string> {
  const { id: subscriptionId, tenantId } = (await options.az("account", "show")) as { id: string; tenantId: string };
  const stateAccount = stateAccountOf(subscriptionId);
  const context = { ...options, subscription: `/subscriptions/${subscriptionId}`, stateAccount };
  yield `subscription ${subscriptionId} of tenant ${tenantId}`;

  yield* prepareSubscription(context);
  yield* createState(context);
  const identities = new Map<Deployer, Identity>();
  for (const deployer of deployers) identities.set(deployer, yield* createDeployer(context, deployer));

  yield "";
  yield "Next, configure GitHub. The user who runs these commands becomes the reviewer of both environments. No value is secret:";
  yield* githubCommands({ repository: options.repository, subscriptionId, tenantId, stateAccount, identities });
}

async function* prepareSubscription(context: Context): AsyncGenerator<string> {
  const { az, location } = context;
  const registered = (await az(
    ...["provider", "list", "--query", "[?registrationState=='Registered'].namespace"],
  )) as string[];
  for (const namespace of resourceProviders)
    yield await create(
      context,
      { name: `resource provider ${namespace}`, exists: registered.includes(namespace) },
      ...["provider", "register", "--namespace", namespace, "--wait"],
    );

  const groups = (await az("group", "list", "--query", "[].name")) as string[];
  for (const group of [STATE_GROUP, ...deployers.map((deployer) => deployer.group)])
    yield await create(
      context,
      { name: `resource group ${group}`, exists: groups.includes(group) },
      ...["group", "create", "--name", group, "--location", location, "--tags", "app=vitae"],
    );
}

/** The storage account of the Terraform state, with one container for each deployer. */
async function* createState(context: Context): AsyncGenerator<string> {
  const { az, location, stateAccount, dryRun } = context;
  const accounts = await list<{ name: string }>(context, "storage", "account", "list", ...IN_STATE_GROUP);
  yield await create(
    context,
    { name: `storage account ${stateAccount}`, exists: accounts.some(({ name }) => name === stateAccount) },
    ...["storage", "account", "create", "--name", stateAccount, ...IN_STATE_GROUP, "--location", location],
    ...["--sku", "Standard_LRS", "--kind", "StorageV2", "--allow-shared-key-access", "false"],
    ...["--allow-blob-public-access", "false", "--min-tls-version", "TLS1_2", "--https-only", "true"],
    ...["--allow-cross-tenant-replication", "false"],
  );
  // Idempotent. Every run sets them, in case an earlier run stopped after it created the account.
  if (!dryRun)
    await az(
      ...["storage", "account", "blob-service-properties", "update", "--account-name", stateAccount],
      ...[...IN_STATE_GROUP, "--enable-versioning", "true"],
      ...["--enable-delete-retention", "true", "--delete-retention-days", STATE_DAYS],
      ...["--enable-container-delete-retention", "true", "--container-delete-retention-days", STATE_DAYS],
    );
  yield `versions and deleted blobs of ${stateAccount}: kept for ${STATE_DAYS} days`;

  // Through the management plane: the subscription's owner has no data role.
  const inAccount = ["--storage-account", stateAccount, ...IN_STATE_GROUP];
  const containers = await list<{ name: string }>(context, "storage", "container-rm", "list", ...inAccount);
  for (const { container } of deployers)
    yield await create(
      context,
      {
        name: `container ${container} of ${stateAccount}`,
        exists: containers.some(({ name }) => name === container),
      },
      ...["storage", "container-rm", "create", ...inAccount, "--name", container],
    );
}

async function* createDeployer(context: Context, deployer: Deployer): AsyncGenerator<string, Identity> {
  const { identity: name, group, container, purges } = deployer;
  const { subscription, stateAccount, location, repository } = context;
  const find = async () =>
    (await list<Identity & { name: string }>(context, "identity", "list", ...IN_STATE_GROUP)).find(
      (identity) => identity.name === name,
    );
  yield await create(
    context,
    { name: `identity ${name}`, exists: (await find()) !== undefined },
    ...["identity", "create", "--name", name, ...IN_STATE_GROUP, "--location", location],
  );
  // The placeholders are for a dry run, in which the identity may not exist.
  const identity = (await find()) ?? { clientId: "CLIENT-ID", principalId: "OBJECT-ID" };
  const { principalId } = identity;

  const ofIdentity = ["--identity-name", name, ...IN_STATE_GROUP];
  const credential = ["identity", "federated-credential"];
  const existing = await list<{ name: string; subject: string }>(context, ...credential, "list", ...ofIdentity);
  // Sequentially: Azure rejects concurrent writes to the credentials of one identity.
  for (const { name: credentialName, subject } of credentialsOf(deployer, repository))
    yield await create(
      context,
      {
        name: `${name} accepts tokens of ${subject}`,
        exists: existing.some((it) => it.name === credentialName && it.subject === subject),
      },
      ...[...credential, "create", "--name", credentialName, ...ofIdentity],
      ...["--issuer", ISSUER, "--subject", subject, "--audiences", AUDIENCE],
    );

  const assign = (role: Role, scope: string, condition?: string) =>
    assignRole(context, { deployer: name, principalId, role, scope, ...(condition && { condition }) });
  const groupId = `${subscription}/resourceGroups/${group}`;
  yield await assign(roles.contributor, groupId);
  yield await assign(roles.accessAdministrator, groupId, assignmentCondition);
  const stateId = `${subscription}/resourceGroups/${STATE_GROUP}/providers/Microsoft.Storage/storageAccounts/${stateAccount}`;
  yield await assign(roles.blobContributor, `${stateId}/blobServices/default/containers/${container}`);

  for (const role of purges ? [lookupRole, purgeRole] : [lookupRole]) {
    const findRole = async () =>
      (await list<{ name: string }>(context, "role", "definition", "list", "--name", role.name))[0]?.name;
    const definition = {
      Name: role.name,
      Description: role.description,
      Actions: role.actions,
      AssignableScopes: [subscription],
    };
    yield await create(
      context,
      { name: `role ${role.name}`, exists: (await findRole()) !== undefined },
      ...["role", "definition", "create", "--role-definition", JSON.stringify(definition)],
    );
    yield await assign({ name: role.name, id: (await findRole()) ?? "ROLE-ID" }, subscription);
  }
  return identity;
}
