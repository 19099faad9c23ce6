// The roles that a person needs to deploy from a laptop, and which of them are missing. Pure.
import { deploymentContainers } from "../../../infra/naming.ts";
import { assignmentCondition, customRoles, roles } from "./deployer-roles.ts";
import { type Deployer, STATE_GROUP } from "./plan.ts";

export type Grant = {
  readonly role: { readonly name: string; readonly id?: string };
  /** Azure resource id. */
  readonly scope: string;
  readonly condition?: string;
};
/** A line of `az role assignment list`. */
export type Assignment = {
  readonly roleDefinitionName: string | null;
  readonly scope: string;
  readonly condition?: string | null;
};

/** Containers of a stage that a deployment writes: packages, earlier packages, and the page. */
const CONTAINERS = [deploymentContainers.package, deploymentContainers.releases, "$web"];
const BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/**
 * Limits Storage Blob Data Contributor on a group to those containers, which exist only after the first deployment. Images
 * stay out of reach.
 * https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-attributes
 */
export const containersCondition = `((${["read", "write", "delete", "move/action", "add/action"]
  .map((action) => `!(ActionMatches{'${BLOBS}/${action}'})`)
  .join(
    " AND ",
  )}) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] ForAnyOfAnyValues:StringEquals {${CONTAINERS.map((name) => `'${name}'`).join(", ")}}))`;

/**
 * What the stage's deployer has, and what a deployer gives itself while it seeds: a person may assign roles to service
 * principals only, so a person has the role on secrets for good. It also mints tokens.
 */
export function operatorGrants(options: {
  readonly subscriptionId: string;
  readonly stateAccount: string;
  readonly deployer: Deployer;
}): Grant[] {
  const { subscriptionId, stateAccount, deployer } = options;
  const subscription = `/subscriptions/${subscriptionId}`;
  const group = `${subscription}/resourceGroups/${deployer.group}`;
  const inState = `${subscription}/resourceGroups/${STATE_GROUP}/providers`;
  const state = `${inState}/Microsoft.Storage/storageAccounts/${stateAccount}`;
  return [
    { role: roles.contributor, scope: group },
    { role: roles.accessAdministrator, scope: group, condition: assignmentCondition },
    { role: roles.secretsOfficer, scope: group },
    { role: roles.blobContributor, scope: group, condition: containersCondition },
    { role: roles.blobContributor, scope: `${state}/blobServices/default/containers/${deployer.container}` },
    // To read the ids of the pipeline's identity, which the plan of a laptop has too.
    { role: roles.reader, scope: `${inState}/Microsoft.ManagedIdentity/userAssignedIdentities/${deployer.identity}` },
    ...customRoles(subscriptionId, deployer.purges).map(({ name }) => ({ role: { name }, scope: subscription })),
  ];
}

/** Roles that include another. The custom roles are included in these, too. */
const forAll = ["Contributor", "Owner"];
const includedIn: Readonly<Record<string, readonly string[]>> = {
  [roles.contributor.name]: ["Owner"],
  [roles.reader.name]: forAll,
  [roles.accessAdministrator.name]: ["Owner", "User Access Administrator"],
  [roles.secretsOfficer.name]: ["Key Vault Administrator"],
  [roles.blobContributor.name]: ["Storage Blob Data Owner"],
};

/** Returns the grants that no assignment covers. One on a scope above covers too, one under another condition does not. */
export function missingGrants(grants: readonly Grant[], assignments: readonly Assignment[]): Grant[] {
  return grants.filter(
    ({ role, scope, condition }) =>
      !assignments.some(
        (it) =>
          [role.name, ...(includedIn[role.name] ?? forAll)].includes(it.roleDefinitionName ?? "") &&
          `${scope}/`.toLowerCase().startsWith(`${it.scope.replace(/\/$/, "")}/`.toLowerCase()) &&
          (!it.condition || it.condition === condition),
      ),
  );
}

/** The role and where, for a line of a log. */
export function describeGrant({ role, scope, condition }: Grant): string {
  const only =
    condition === undefined
      ? ""
      : condition === assignmentCondition
        ? " for the app's roles only"
        : ` for the containers ${CONTAINERS.join(", ")} only`;
  return `${role.name} on ${describeScope(scope)}${only}`;
}

function describeScope(scope: string): string {
  const [, , , , group, , , type, name, , , , container] = scope.split("/");
  if (group === undefined) return "the subscription";
  if (type === undefined) return `the group ${group}`;
  return container === undefined ? `the identity ${name}` : `the container ${container} of ${name}`;
}
