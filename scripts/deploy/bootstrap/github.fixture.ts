// Simulates GitHub behind gh: one repository with its environments and variables, and a plan that may offer none.
import type { CommandResult } from "../command.ts";

export type Environment = {
  protection_rules: {
    type: string;
    wait_timer?: number;
    prevent_self_review?: boolean;
    reviewers?: { type: string; reviewer: { id: number } }[];
  }[];
  deployment_branch_policy: { protected_branches: boolean; custom_branch_policies: boolean } | null;
  branches: string[];
};
export type GitHubState = {
  /** Undefined: gh is not logged in. */
  login: { id: number; login: string } | undefined;
  repository: { id: number; owner: { id: number; login: string }; name: string; private: boolean; admin: boolean };
  /** What the plan offers to private repositories: Free nothing, Pro environments without reviewers. */
  plan: "free" | "pro" | "enterprise";
  environments: Record<string, Environment>;
  /** By name, or by environment and name. */
  variables: Record<string, string>;
  /** Calls that changed something, in order. */
  writes: string[];
};

export const emptyGitHub = (): GitHubState => ({
  login: { id: 7, login: "ada" },
  repository: { id: 22, owner: { id: 11, login: "ada" }, name: "vitae", private: false, admin: true },
  plan: "free",
  environments: {},
  variables: {},
  writes: [],
});

class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
const notFound = () => new HttpError(404, "Not Found");

/** Ends as gh does: `gh: MESSAGE (HTTP 404)` and exit code 1, or 4 without a login. */
export function runGh(state: GitHubState, args: readonly string[], input = ""): CommandResult {
  if (!state.login)
    return { code: 4, stdout: "", stderr: "To get started with GitHub CLI, please run:  gh auth login\n" };
  try {
    const value = args[0] === "api" ? callApi(state, args.slice(1), input) : setVariable(state, args);
    return { code: 0, stdout: typeof value === "string" ? value : JSON.stringify(value), stderr: "" };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const stdout = JSON.stringify({ message: error.message, status: String(error.status) });
    return { code: 1, stdout, stderr: `gh: ${error.message} (HTTP ${error.status})\n` };
  }
}

function callApi(state: GitHubState, args: readonly string[], input: string): unknown {
  const method = args.includes("--method") ? args[args.indexOf("--method") + 1] : "GET";
  const path = args.find((arg) => /^(?:user$|repos\/)/.test(arg)) ?? "";
  if (path === "user") return args.includes(".id") ? `${state.login?.id}\n` : state.login;
  const { repository, environments } = state;
  const prefix = `repos/${repository.owner.login}/${repository.name}`;
  if (!path.toLowerCase().startsWith(prefix)) throw notFound();
  const [kind, name = "", sub, item = ""] = path.slice(prefix.length + 1).split("/");
  if (kind === "") return { ...repository, permissions: { admin: repository.admin } };
  // Variables are for collaborators.
  if (kind === "actions" && !repository.admin) throw new HttpError(403, "Resource not accessible by integration");
  if (kind === "actions") return readVariable(state, sub ?? "");
  const offered = !repository.private || state.plan !== "free";
  if (kind !== "environments" || !offered) throw notFound();
  if (sub === "variables") return readVariable(state, `${name}/${item}`);
  if (method === "PUT") return putEnvironment(state, name, JSON.parse(input));
  const environment = environments[name];
  if (!environment) throw notFound();
  if (sub === undefined) return environment;
  if (method === "POST") {
    // GitHub documents both only for environments with branches by name.
    if (!environment.deployment_branch_policy?.custom_branch_policies) throw notFound();
    environment.branches.push((args.find((arg) => arg.startsWith("name=")) ?? "").slice("name=".length));
    state.writes.push(`POST ${path}`);
  }
  return { branch_policies: environment.branches.map((branch) => ({ name: branch })) };
}

function putEnvironment(state: GitHubState, name: string, body: Record<string, unknown>): unknown {
  const gated = ["reviewers", "wait_timer", "prevent_self_review"].some((field) => field in body);
  state.writes.push(`PUT ${name}`);
  const reviewers = body.reviewers as { type: string; id: number }[] | undefined;
  // It replaces all rules. Where the plan has no rules, the environment is created all the same.
  state.environments[name] = {
    protection_rules: [
      ...(body.wait_timer === undefined ? [] : [{ type: "wait_timer", wait_timer: body.wait_timer as number }]),
      ...(reviewers && !(state.repository.private && state.plan !== "enterprise")
        ? [{ type: "required_reviewers", reviewers: reviewers.map(({ type, id }) => ({ type, reviewer: { id } })) }]
        : []),
    ],
    deployment_branch_policy: body.deployment_branch_policy as Environment["deployment_branch_policy"],
    branches: state.environments[name]?.branches ?? [],
  };
  if (gated && state.repository.private && state.plan !== "enterprise")
    throw new HttpError(
      422,
      "Failed to create the environment protection rule. Please ensure the billing plan supports the required reviewers protection rule.",
    );
  return state.environments[name];
}

function readVariable(state: GitHubState, name: string): unknown {
  const value = state.variables[name.replace(/^variables\//, "")];
  if (value === undefined) throw notFound();
  return { value };
}

function setVariable(state: GitHubState, args: readonly string[]): string {
  const flag = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const environment = flag("--env");
  if (environment && !state.environments[environment]) throw notFound();
  const name = `${environment ? `${environment}/` : ""}${args[2]}`;
  state.variables[name] = flag("--body") ?? "";
  state.writes.push(name);
  return "";
}
