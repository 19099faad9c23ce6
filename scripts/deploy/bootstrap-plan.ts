// What must exist before the first deployment, as data. bootstrap.ts creates it, docs/deploy.md describes it. Pure.
import { shortHash } from "../../infra/naming.ts";

export type Repository = {
  readonly owner: string;
  readonly name: string;
  /** GitHub's numeric ids of owner and repository, which survive renaming. */
  readonly ownerId: number;
  readonly id: number;
};
export type Deployer = {
  readonly identity: string;
  /** The one resource group that it may change. */
  readonly group: string;
  /** The container of Terraform state that it may read and write. */
  readonly container: string;
  /** GitHub environments whose jobs may log in as this identity. */
  readonly environments: readonly string[];
  /** Whether it may purge deleted vaults. */
  readonly purges: boolean;
};

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
 * 2026-07-15, its names and ids. Azure compares exactly, so each environment has a credential for both.
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

/** The commands that set up GitHub: environments, and variables that the workflows read. No value is secret. */
export function githubCommands(options: {
  readonly repository: Repository;
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly stateAccount: string;
  readonly identities: ReadonlyMap<Deployer, { readonly clientId: string; readonly principalId: string }>;
}): string[] {
  const { repository, subscriptionId, tenantId, stateAccount, identities } = options;
  const slug = `${repository.owner}/${repository.name}`;
  const variable = (name: string, value: string, environment?: string) =>
    `gh variable set ${name} --repo ${slug}${environment ? ` --env ${environment}` : ""} --body ${value}`;
  const lines = [
    variable("AZURE_SUBSCRIPTION_ID", subscriptionId),
    variable("AZURE_TENANT_ID", tenantId),
    variable("STATE_ACCOUNT", stateAccount),
  ];
  for (const [{ environments }, { clientId, principalId }] of identities)
    for (const environment of environments) {
      const path = `repos/${slug}/environments/${environment}`;
      // A sweep needs no review because it runs main's code only.
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
