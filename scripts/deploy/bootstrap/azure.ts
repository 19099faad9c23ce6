// Creates in Azure what plan.ts lists and reports each item as created or existing. A second run changes nothing.
import { assignmentCondition, customRoles, roles } from "./deployer-roles.ts";
import { type AzContext, assignRole, create, ensureRole, list } from "./idempotent-az.ts";
import {
  AUDIENCE,
  credentialsOf,
  type Deployer,
  deployers,
  ISSUER,
  type Repository,
  resourceProviders,
  STATE_GROUP,
  UNKNOWN,
} from "./plan.ts";
import { createPreviewBudget } from "./preview-budget.ts";

export type AzureOptions = AzContext & {
  readonly subscriptionId: string;
  readonly stateAccount: string;
  readonly repository: Repository;
  /** Azure region of the groups and the state. */
  readonly region: string;
  /** Whether GitHub offers environments to the repository. Without, there are no previews. */
  readonly withEnvironments: boolean;
};
export type Identity = { readonly clientId: string; readonly principalId: string };

/** Days for which a deleted or replaced state can be restored. */
const STATE_DAYS = "30";
const IN_STATE_GROUP = ["--resource-group", STATE_GROUP];
/** The tags of every resource, as infra/ sets them. */
const tags = (stage?: string) => ["--tags", "project=vitae", ...(stage ? [`stage=${stage}`] : [])];

/**
 * @returns the identities of the deployers, with unknown ids for those that a dry run would create
 * @throws {CommandError} of the az call that failed; the next run continues from there
 */
export async function prepareAzure(options: AzureOptions): Promise<ReadonlyMap<Deployer, Identity>> {
  const used = deployers.filter(({ branch }) => options.withEnvironments || branch !== undefined);
  await registerProviders(options);
  await createGroups(options, used);
  await createState(options, used);
  const roleIds = new Map<string, string | undefined>();
  for (const role of customRoles(options.subscriptionId, options.withEnvironments))
    roleIds.set(role.name, await ensureRole(options, role, `/subscriptions/${options.subscriptionId}`));
  const identities = new Map<Deployer, Identity>();
  for (const deployer of used) identities.set(deployer, await createDeployer(options, deployer, roleIds));
  if (!options.withEnvironments)
    for (const deployer of deployers.filter((it) => !used.includes(it))) await alignCredentials(options, deployer);
  if (options.withEnvironments) await createPreviewBudget(options, options.subscriptionId);
  return identities;
}

async function registerProviders(options: AzureOptions): Promise<void> {
  const registered = await list<string>(
    options,
    ...["provider", "list", "--query", "[?registrationState=='Registered'].namespace"],
  );
  for (const namespace of resourceProviders)
    await create(
      options,
      { name: `registration of ${namespace}`, exists: registered.includes(namespace) },
      ...["provider", "register", "--namespace", namespace, "--wait"],
    );
  if (options.dryRun) return;
  // Again, as a subscription without Microsoft.Web could not tell when the region was chosen.
  const issue = await regionIssue(options, options.region);
  if (issue) throw new Error(`The region ${issue} Run npm run bootstrap again and choose another.`);
}

/** Returns what is wrong with a region, or undefined. */
export async function regionIssue(context: Pick<AzContext, "az">, region: string): Promise<string | undefined> {
  const locations = (await context.az("functionapp", "list-flexconsumption-locations")) as { name: string }[];
  const names = locations.map(({ name }) => name.toLowerCase().replaceAll(" ", ""));
  if (names.includes(region)) return undefined;
  return `must have Flex Consumption: ${names.sort().join(", ")}. Received "${region}".`;
}

async function createGroups(options: AzureOptions, used: readonly Deployer[]): Promise<void> {
  const groups = await list<string>(options, "group", "list", "--query", "[].name");
  const wanted = [
    { group: STATE_GROUP, stage: undefined },
    ...used.map(({ group, container }) => ({ group, stage: container })),
  ];
  for (const { group, stage } of wanted)
    await create(
      options,
      { name: `resource group ${group}`, exists: groups.includes(group) },
      ...["group", "create", "--name", group, "--location", options.region, ...tags(stage)],
    );
}

/** The storage account of the Terraform state, with one container for each deployer. */
async function createState(options: AzureOptions, used: readonly Deployer[]): Promise<void> {
  const { az, region, stateAccount, dryRun, log } = options;
  const accounts = await list<{ name: string }>(options, "storage", "account", "list", ...IN_STATE_GROUP);
  await create(
    options,
    { name: `storage account ${stateAccount}`, exists: accounts.some(({ name }) => name === stateAccount) },
    ...["storage", "account", "create", "--name", stateAccount, ...IN_STATE_GROUP, "--location", region],
    ...["--sku", "Standard_LRS", "--kind", "StorageV2", "--allow-shared-key-access", "false"],
    ...["--allow-blob-public-access", "false", "--min-tls-version", "TLS1_2", "--https-only", "true"],
    ...["--allow-cross-tenant-replication", "false", ...tags()],
  );
  // Idempotent. Every run sets them, in case an earlier run stopped after it created the account.
  if (!dryRun)
    await az(
      ...["storage", "account", "blob-service-properties", "update", "--account-name", stateAccount],
      ...[...IN_STATE_GROUP, "--enable-versioning", "true"],
      ...["--enable-delete-retention", "true", "--delete-retention-days", STATE_DAYS],
      ...["--enable-container-delete-retention", "true", "--container-delete-retention-days", STATE_DAYS],
    );
  log(`versions and deleted blobs of ${stateAccount}: kept for ${STATE_DAYS} days`);

  // Through the management plane: the subscription's owner has no data role.
  const inAccount = ["--storage-account", stateAccount, ...IN_STATE_GROUP];
  const containers = await list<{ name: string }>(options, "storage", "container-rm", "list", ...inAccount);
  for (const { container } of used)
    await create(
      options,
      { name: `container ${container} of ${stateAccount}`, exists: containers.some(({ name }) => name === container) },
      ...["storage", "container-rm", "create", ...inAccount, "--name", container],
    );
}

async function findIdentity(options: AzureOptions, name: string): Promise<Identity | undefined> {
  const identities = await list<Identity & { name: string }>(options, "identity", "list", ...IN_STATE_GROUP);
  return identities.find((identity) => identity.name === name);
}

/** @param roleIds ids of the custom roles by name; undefined for those that a dry run would create */
async function createDeployer(
  options: AzureOptions,
  deployer: Deployer,
  roleIds: ReadonlyMap<string, string | undefined>,
): Promise<Identity> {
  const { identity: name, group, container, purges } = deployer;
  const { subscriptionId, stateAccount, region } = options;
  const found = await findIdentity(options, name);
  const created = await create(
    options,
    { name: `identity ${name}`, exists: found !== undefined },
    ...["identity", "create", "--name", name, ...IN_STATE_GROUP, "--location", region, ...tags()],
  );
  const identity = found ?? (created as Identity | undefined);
  if (!identity && !options.dryRun)
    throw new Error(`az created the identity ${name} and printed nothing about it. Run npm run bootstrap again.`);
  await alignCredentials(options, deployer);

  const principal = { name, id: identity?.principalId, type: "ServicePrincipal" } as const;
  const subscription = `/subscriptions/${subscriptionId}`;
  const groupId = `${subscription}/resourceGroups/${group}`;
  const stateId = `${subscription}/resourceGroups/${STATE_GROUP}/providers/Microsoft.Storage/storageAccounts/${stateAccount}`;
  const grants = [
    { role: roles.contributor, scope: groupId },
    { role: roles.accessAdministrator, scope: groupId, condition: assignmentCondition },
    { role: roles.blobContributor, scope: `${stateId}/blobServices/default/containers/${container}` },
  ];
  for (const grant of grants) await assignRole(options, principal, grant);
  for (const { name: role } of customRoles(subscriptionId, purges)) {
    const id = roleIds.get(role);
    await assignRole(options, principal, { role: { name: role, ...(id && { id }) }, scope: subscription });
  }
  return identity ?? { clientId: UNKNOWN, principalId: UNKNOWN };
}

/** Creates the federated credentials, and deletes those of environments or a branch that may not log in any more. */
async function alignCredentials(options: AzureOptions, deployer: Deployer): Promise<void> {
  const { az, dryRun, log, repository, withEnvironments } = options;
  const ofIdentity = ["--identity-name", deployer.identity, ...IN_STATE_GROUP];
  const command = ["identity", "federated-credential"];
  const wanted = credentialsOf(deployer, repository, withEnvironments);
  if (wanted.length === 0 && !(await findIdentity(options, deployer.identity))) return;
  const existing = await list<{ name: string; subject: string }>(options, ...command, "list", ...ofIdentity);
  for (const { name, subject } of existing) {
    if (!name.startsWith("github-") || wanted.some((credential) => credential.name === name)) continue;
    if (!dryRun) await az(...command, "delete", "--name", name, ...ofIdentity, "--yes");
    log(`${deployer.identity} accepts tokens of ${subject}: ${dryRun ? "would be deleted" : "deleted"}`);
  }
  // Sequentially: Azure rejects concurrent writes to the credentials of one identity.
  for (const { name, subject } of wanted)
    await create(
      options,
      {
        name: `${deployer.identity} accepts tokens of ${subject}`,
        exists: existing.some((it) => it.name === name && it.subject === subject),
      },
      ...[...command, "create", "--name", name, ...ofIdentity],
      ...["--issuer", ISSUER, "--subject", subject, "--audiences", AUDIENCE],
    );
}
