// Sets up the repository on GitHub: environments and variables. Reports each as created or existing.
import { type Gh, getFromGitHub, statusOf } from "./gh.ts";
import type { Repository, Variable } from "./plan.ts";

export type GhContext = {
  readonly gh: Gh;
  readonly log: (line: string) => void;
  readonly dryRun: boolean;
};

type Reviewer = { readonly type: string; readonly reviewer: { readonly id: number } };
type Environment = {
  readonly protection_rules?: readonly {
    readonly type: string;
    readonly wait_timer?: number;
    readonly prevent_self_review?: boolean;
    readonly reviewers?: readonly Reviewer[];
  }[];
  readonly deployment_branch_policy: { readonly custom_branch_policies: boolean } | null;
};

type EnvironmentPlan = { readonly name: string; readonly onlyMain: boolean; readonly reviewed: boolean };

/** A sweep runs main's code only, at night. A preview runs a pull request's code, so a person approves it. */
const environmentsOf = (reviewer: boolean): readonly EnvironmentPlan[] => [
  { name: "production", onlyMain: true, reviewed: reviewer },
  { name: "preview", onlyMain: false, reviewed: true },
  { name: "preview-sweep", onlyMain: true, reviewed: false },
];

export type EnvironmentsResult = {
  /** False where GitHub's plan offers none to this repository. */
  readonly withEnvironments: boolean;
  /** Whether a person approves each deployment to production. */
  readonly reviewed: boolean;
};

/**
 * Creates the environments. What their owner added on GitHub, such as other reviewers, stays.
 * @param reviewer whether the signed-in user approves each deployment to production
 * @throws {Error} when that is chosen and GitHub's plan does not offer it
 */
export async function createEnvironments(
  context: GhContext,
  repository: Pick<Repository, "owner" | "name" | "isPrivate">,
  reviewer: boolean,
): Promise<EnvironmentsResult> {
  let reviewed = false;
  for (const plan of environmentsOf(reviewer)) {
    const result = await ensureEnvironment(context, repository, plan);
    if (plan.name === "production") {
      reviewed = result?.reviewed ?? false;
      // Rather no deployment than one that no one approved.
      if (reviewer && !reviewed)
        throw new Error(
          "GitHub's plan has no reviewers for private repositories, so no one can approve deployments, as you chose. " +
            "Make the repository public, or choose --reviewer no.",
        );
    }
    if (!result) {
      context.log(
        "environments: GitHub's plan has none for private repositories. So a push to main deploys, and there are no previews",
      );
      return { withEnvironments: false, reviewed: false };
    }
  }
  return { withEnvironments: true, reviewed };
}

/** @returns undefined when GitHub's plan offers no environments to this repository */
async function ensureEnvironment(
  context: GhContext,
  repository: Pick<Repository, "owner" | "name" | "isPrivate">,
  plan: EnvironmentPlan,
): Promise<{ readonly reviewed: boolean } | undefined> {
  const { gh, log, dryRun } = context;
  const path = `repos/${repository.owner}/${repository.name}/environments/${plan.name}`;
  const name = `environment ${plan.name}`;
  const existing = await getFromGitHub<Environment>(gh, path);
  const rules = existing?.protection_rules ?? [];
  const policy = existing?.deployment_branch_policy ?? null;
  const review = rules.find(({ type }) => type === "required_reviewers");
  // A workflow that runs before bootstrap creates its environment, without any rule.
  const isComplete = existing && (review || !plan.reviewed) && (policy !== null || !plan.onlyMain);
  if (dryRun) {
    log(`${name}: ${isComplete ? "already exists" : existing ? "would be updated" : "would be created"}`);
    return { reviewed: plan.reviewed || review !== undefined };
  }
  let reviewed = plan.reviewed || review !== undefined;
  if (isComplete) log(`${name}: already exists`);
  else {
    const put = (fields: object) => gh(["api", "--method", "PUT", path, "--input", "-"], fields);
    const timer = rules.find(({ type }) => type === "wait_timer")?.wait_timer;
    const body = {
      // A PUT replaces all rules.
      ...(timer !== undefined && { wait_timer: timer }),
      ...(review?.prevent_self_review && { prevent_self_review: true }),
      ...(review && { reviewers: review.reviewers?.map(({ type, reviewer }) => ({ type, id: reviewer.id })) }),
      deployment_branch_policy:
        policy ?? (plan.onlyMain ? { protected_branches: false, custom_branch_policies: true } : null),
    };
    try {
      if (review || !plan.reviewed) await put(body);
      else reviewed = await putWithReviewer(put, body, await userId(gh));
    } catch (error) {
      if (isRefusedByPlan(error, repository)) return undefined;
      throw error;
    }
    log(`${name}: ${existing ? "updated" : "created"}${reviewed || !plan.reviewed ? "" : WITHOUT_REVIEWER}`);
  }
  if (plan.onlyMain && policy?.custom_branch_policies !== false) await permitMain(context, path);
  if (review && !plan.reviewed)
    log(
      `${name}: keeps the reviewers that it has on GitHub. To deploy without them, remove them there and start again`,
    );
  return { reviewed };
}

const WITHOUT_REVIEWER =
  ". GitHub's plan has no reviewers for private repositories: no one has to approve what runs there";

/** @returns false when the plan has no reviewers, as Pro and Team in private repositories, which respond with 422 */
async function putWithReviewer(put: (fields: object) => Promise<unknown>, body: object, id: number): Promise<boolean> {
  try {
    await put({ ...body, reviewers: [{ type: "User", id }] });
    return true;
  } catch (error) {
    if (statusOf(error) !== 422) throw error;
    await put(body);
    return false;
  }
}

/** GitHub Free has no environments in private repositories, and responds with 404, or 403 and a hint to upgrade. */
function isRefusedByPlan(error: unknown, { isPrivate }: Pick<Repository, "isPrivate">): boolean {
  const status = statusOf(error);
  return isPrivate && (status === 404 || (status === 403 && /upgrade/i.test(String(error))));
}

async function userId(gh: Gh): Promise<number> {
  return Number((await gh(["api", "user", "--jq", ".id"])).trim());
}

/** Permits jobs of main. GitHub rejects this where the owner chose all protected branches instead of names. */
async function permitMain({ gh, dryRun }: GhContext, environment: string): Promise<void> {
  const path = `${environment}/deployment-branch-policies`;
  const policies = await getFromGitHub<{ branch_policies: { name: string }[] }>(gh, path);
  if (dryRun || !policies || policies.branch_policies.some(({ name }) => name === "main")) return;
  await gh(["api", "--method", "POST", path, "-f", "name=main"]);
}

/** Sets the variables in their order, so that a later one is set only after the earlier ones. */
export async function setVariables(
  { gh, log, dryRun }: GhContext,
  slug: string,
  variables: readonly Variable[],
): Promise<void> {
  for (const { name, value, environment } of variables) {
    const scope = environment
      ? `repos/${slug}/environments/${environment}/variables`
      : `repos/${slug}/actions/variables`;
    const current = await getFromGitHub<{ value: string }>(gh, `${scope}/${name}`);
    const title = `variable ${name}=${value}${environment ? ` of ${environment}` : ""}`;
    const outcome = current === undefined ? "created" : current.value === value ? undefined : "changed";
    if (outcome && !dryRun)
      await gh([
        ...["variable", "set", name, "--repo", slug],
        ...(environment ? ["--env", environment] : []),
        ...["--body", value],
      ]);
    log(`${title}: ${outcome ? `${dryRun ? "would be " : ""}${outcome}` : "already exists"}`);
  }
}
