// What must exist before the first deployment, as data. azure.ts and github.ts create it, docs/deploy.md describes it. Pure.
import type { Stage } from "../../../infra/config-schema.ts";
import { shortHash, stateOf } from "../../../infra/naming.ts";

export type Repository = {
  readonly owner: string;
  readonly name: string;
  /** GitHub's numeric ids of owner and repository, which survive renaming. */
  readonly ownerId: string;
  readonly id: string;
  readonly isPrivate: boolean;
};
export type Deployer = {
  readonly identity: string;
  /** The one resource group that it may change. */
  readonly group: string;
  /** The container of Terraform state that it may read and write. */
  readonly container: string;
  /** GitHub environments whose jobs may log in as this identity. */
  readonly environments: readonly string[];
  /** Where GitHub offers no environments, the branch whose jobs may log in. Absent: none, as no one could approve them. */
  readonly branch?: string;
  /** Whether it may purge deleted vaults. */
  readonly purges: boolean;
};

/** In a dry run, stands for what is not known yet, or not without az or gh. */
export const UNKNOWN = "…";
export const STATE_GROUP = "vitae-state";

/** Storage account names are unique in all of Azure, hence the hash. */
export function stateAccountOf(subscriptionId: string): string {
  return `vitaestate${shortHash(`${subscriptionId.toLowerCase()}/state`, 8)}`;
}

/**
 * The identities are in the state's group, which no deployer may change: a deployer that could write an identity could
 * change whose tokens it accepts. A `preview-sweep` job runs main's code only and needs no review, so it runs at night.
 */
export const deployers: readonly Deployer[] = [
  {
    identity: "vitae-deployer-production",
    group: "vitae-production",
    container: "production",
    environments: ["production"],
    branch: "main",
    purges: false,
  },
  {
    identity: "vitae-deployer-preview",
    group: "vitae-preview",
    container: "preview",
    environments: ["preview", "preview-sweep"],
    purges: true,
  },
];

/** The deployer of a stage. */
export function deployerOf(stage: Stage): Deployer {
  const { containerName } = stateOf(stage, "platform");
  return deployers.find(({ container }) => container === containerName) as Deployer;
}

/** Registered here because a deployer may not register them. */
export const resourceProviders = [
  "Microsoft.AlertsManagement",
  "Microsoft.App",
  "Microsoft.Authorization",
  "Microsoft.Cdn",
  "Microsoft.Consumption",
  "Microsoft.DocumentDB",
  "Microsoft.EventGrid",
  "Microsoft.Insights",
  "Microsoft.KeyVault",
  "Microsoft.Logic",
  "Microsoft.ManagedIdentity",
  "Microsoft.OperationalInsights",
  "Microsoft.Storage",
  "Microsoft.Web",
] as const;

export const ISSUER = "https://token.actions.githubusercontent.com";
export const AUDIENCE = "api://AzureADTokenExchange";

/**
 * The subject of a job's token contains the repository's names or, for a repository created or renamed after
 * 2026-07-15, its names and ids. Azure compares exactly, so each environment or branch has a credential for both.
 * https://learn.microsoft.com/entra/workload-id/workload-identities-github-immutable-subjects
 */
export function credentialsOf(
  { environments, branch }: Deployer,
  { owner, name, ownerId, id }: Repository,
  withEnvironments: boolean,
) {
  const jobs = withEnvironments
    ? environments.map((environment) => ({ key: environment, claim: `environment:${environment}` }))
    : branch
      ? [{ key: `branch-${branch}`, claim: `ref:refs/heads/${branch}` }]
      : [];
  return jobs.flatMap(({ key, claim }) => [
    { name: `github-${key}`, subject: `repo:${owner}/${name}:${claim}` },
    { name: `github-${key}-immutable`, subject: `repo:${owner}@${ownerId}/${name}@${id}:${claim}` },
  ]);
}

const variableNames = [
  "AZURE_CLIENT_ID",
  "DEPLOYER_OBJECT_ID",
  "WITHOUT_ENVIRONMENTS",
  "WITH_REVIEWER",
  "AZURE_SUBSCRIPTION_ID",
  "AZURE_TENANT_ID",
  "STATE_ACCOUNT",
] as const;
/** Whether bootstrap sets a variable of this name. */
export const isVariable = (name: string): boolean => (variableNames as readonly string[]).includes(name);

export type Variable = {
  readonly name: (typeof variableNames)[number];
  readonly value: string;
  readonly environment?: string;
};

/** The variables that the workflows read. None is secret. The last one lets the workflows start. */
export function variablesOf(options: {
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly stateAccount: string;
  readonly withEnvironments: boolean;
  /** Whether a person approves each deployment to production. */
  readonly reviewed: boolean;
  readonly identities: ReadonlyMap<Deployer, { readonly clientId: string; readonly principalId: string }>;
}): Variable[] {
  const { subscriptionId, tenantId, stateAccount, withEnvironments, reviewed, identities } = options;
  return [
    ...[...identities].flatMap(([{ environments }, { clientId, principalId }]) =>
      (withEnvironments ? environments : [undefined]).flatMap((environment): Variable[] => [
        { name: "AZURE_CLIENT_ID", value: clientId, ...(environment && { environment }) },
        { name: "DEPLOYER_OBJECT_ID", value: principalId, ...(environment && { environment }) },
      ]),
    ),
    { name: "WITHOUT_ENVIRONMENTS", value: String(!withEnvironments) },
    { name: "WITH_REVIEWER", value: String(reviewed) },
    { name: "AZURE_SUBSCRIPTION_ID", value: subscriptionId },
    { name: "AZURE_TENANT_ID", value: tenantId },
    { name: "STATE_ACCOUNT", value: stateAccount },
  ];
}
