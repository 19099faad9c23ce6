// Everything that must stand before the first deployment, as data: bootstrap.ts makes it, docs/deploy.md tells of it. Pure.
import { createHash } from "node:crypto";

export type Repository = {
  readonly owner: string;
  readonly name: string;
  /** GitHub's numbers for both, which stay when they are renamed. */
  readonly ownerId: number;
  readonly id: number;
};
export type Deployer = {
  readonly identity: string;
  /** The group it owns; nothing else of the subscription is its. */
  readonly group: string;
  /** Container of the Terraform state that it may read and write. */
  readonly container: string;
  /** GitHub environments whose jobs may be this identity. */
  readonly environments: readonly string[];
  /** Whether it may purge deleted vaults. */
  readonly purges: boolean;
};

export const STATE_GROUP = "vitae-state";

/** The names of storage accounts are one for all of Azure, hence the hash. */
export function stateAccountOf(subscriptionId: string): string {
  const digest = createHash("sha256").update(`${subscriptionId.toLowerCase()}/state`).digest();
  return `vitaestate${digest.readBigUInt64BE().toString(36).padStart(13, "0").slice(-8)}`;
}

/**
 * The identities stand in the group of the state, which neither may touch: who may write an identity may say whose
 * tokens it takes. A job of `preview-sweep` runs main's code only and waits for nobody, so it can run at night.
 */
export const deployers: readonly Deployer[] = [
  {
    identity: "vitae-deployer-production",
    group: "vitae-production",
    container: "production",
    environments: ["production"],
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

/** A deployer has no right on the subscription, so it cannot register what the stacks use. */
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
 * GitHub names a job's repository by names, or, where the repository was made or renamed after 2026-07-15, by names
 * and numbers. Azure compares letter by letter, so each environment has a credential for both.
 * https://learn.microsoft.com/entra/workload-id/workload-identities-github-immutable-subjects
 */
export function credentialsOf(deployer: Deployer, { owner, name, ownerId, id }: Repository) {
  return deployer.environments.flatMap((environment) => [
    { name: `github-${environment}`, subject: `repo:${owner}/${name}:environment:${environment}` },
    {
      name: `github-${environment}-immutable`,
      subject: `repo:${owner}@${ownerId}/${name}@${id}:environment:${environment}`,
    },
  ]);
}

/** What the workflows read: identifiers that let nobody in, hence variables. There is no secret to set. */
export function githubCommands(options: {
  readonly repository: Repository;
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly stateAccount: string;
  readonly identities: ReadonlyMap<Deployer, { readonly clientId: string; readonly principalId: string }>;
}): string[] {
  const { repository, subscriptionId, tenantId, stateAccount, identities } = options;
  const at = `${repository.owner}/${repository.name}`;
  const variable = (name: string, value: string, environment?: string) =>
    `gh variable set ${name} --repo ${at}${environment ? ` --env ${environment}` : ""} --body ${value}`;
  const lines = [
    variable("AZURE_SUBSCRIPTION_ID", subscriptionId),
    variable("AZURE_TENANT_ID", tenantId),
    variable("STATE_ACCOUNT", stateAccount),
  ];
  for (const [{ environments }, { clientId, principalId }] of identities)
    for (const environment of environments) {
      const path = `repos/${at}/environments/${environment}`;
      // A sweep waits for nobody; instead it takes main's code and no other.
      const reviewed = environment !== "preview-sweep";
      const onlyMain = environment !== "preview";
      lines.push(
        `echo '{${[
          ...(reviewed ? [`"reviewers":[{"type":"User","id":'$(gh api user --jq .id)'}]`] : []),
          `"deployment_branch_policy":${onlyMain ? '{"protected_branches":false,"custom_branch_policies":true}' : "null"}`,
        ].join(",")}}' | gh api --method PUT ${path} --input -`,
        ...(onlyMain ? [`gh api --method POST ${path}/deployment-branch-policies -f name=main`] : []),
        variable("AZURE_CLIENT_ID", clientId, environment),
        variable("DEPLOYER_OBJECT_ID", principalId, environment),
      );
    }
  return lines;
}
