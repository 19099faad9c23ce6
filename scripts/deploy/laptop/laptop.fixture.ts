// A laptop in front of a simulated stage: git, a person's login with its roles, and the leases of the state's container.
import { type Assignment, type Grant, operatorGrants } from "../bootstrap/operator-grants.ts";
import { deployerOf, stateAccountOf } from "../bootstrap/plan.ts";
import { createAz, type Run } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { runKeyVault } from "../deployment/key-vault.fixture.ts";
import { DEPLOYER, type SimulatedStage } from "../deployment/simulated-stage.fixture.ts";
import { createBlobLeases, leaseContext } from "../lock/blob-leases.fixture.ts";

/** The answers of npm run bootstrap. */
export const CHOICES = {
  repository: "ada/vitae",
  region: "swedencentral",
  origins: ["https://ada.dev"],
  ownerEmail: "ada@ada.dev",
};
export const PERSON = "22222222-3333-4444-8555-666666666666";

export function createLaptop(stage: SimulatedStage) {
  const { target } = stage;
  const subscriptionId = target.subscriptionId;
  const deployer = deployerOf(target.stage);
  const stateAccount = stateAccountOf(subscriptionId);
  const leases = createBlobLeases(Date.now);
  const sides = leaseContext(leases);
  const state = {
    grants: operatorGrants({ subscriptionId, stateAccount, deployer }) as readonly Grant[],
    /** The output of az account show; undefined without a login. */
    account: { id: subscriptionId, tenantId: "t", user: { name: "ada@ada.dev", type: "user" } } as object | undefined,
    hasIdentity: true,
    /** Lines of git status. */
    changes: "",
    remoteBranches: "  origin/main",
    hasTerraform: true,
    packageFails: false,
    /** What the build leaves. */
    changesOfBuild: "",
    /** Programs with their ARM variables. */
    environments: [] as { program: string; env: Readonly<Record<string, string>> }[],
  };
  const done = (value: unknown) => ({
    code: 0,
    stdout: typeof value === "string" ? value : JSON.stringify(value),
    stderr: "",
  });
  const failed = (stderr: string) => ({ code: 1, stdout: "", stderr });

  const programs: Record<string, (args: readonly string[]) => ReturnType<typeof done>> = {
    "git rev-parse": () => done(`${target.commit}\n`),
    "git status": () => done(state.changes),
    "git branch": () => done(state.remoteBranches),
    "terraform version": () => {
      if (!state.hasTerraform) throw new Error("terraform could not be started: install it and add it to the PATH.");
      return done("Terraform v1.11.4");
    },
    "az account": () =>
      state.account ? done(state.account) : failed("ERROR: Please run 'az login' to setup account."),
    "az ad": () => done(JSON.stringify(PERSON)),
    "az identity": () =>
      state.hasIdentity
        ? done({ clientId: target.clientId, principalId: DEPLOYER })
        : failed("ERROR: (ResourceNotFound) The Resource was not found."),
    "az resource": () => done(""),
  };
  const run: Run = async (command, args, options = {}) => {
    const program = command === process.execPath ? "node" : command;
    state.environments.push({ program: [program, ...args].join(" "), env: options.env ?? {} });
    const isToken = args[1] === "get-access-token";
    const simulated = isToken ? undefined : programs[`${program} ${args[0]}`];
    if (simulated) return simulated(args);
    // In another terminal, `az account set` selects another subscription after the first call.
    if (program === "az" && args[0] !== "account" && !args.includes("--subscription"))
      return failed("ERROR: (ResourceGroupNotFound) Resource group could not be found.");
    // As list_role_assignments of azure-cli does on a laptop with a default group.
    if (program === "az" && args.includes("--all") && options.env?.AZURE_DEFAULTS_GROUP !== "")
      return failed("ERROR: group or scope are not required when --all is used");
    if (program === "az" && args.includes("--all"))
      return done(
        state.grants.map(
          ({ role, scope, condition = null }): Assignment => ({ roleDefinitionName: role.name, scope, condition }),
        ),
      );
    // The person's role on secrets is one for good.
    if (program === "az" && args[0] === "keyvault") {
      const vault = { name: target.names.vault, versions: stage.state.signingKeys };
      return done(JSON.stringify(runKeyVault(vault, args.slice(0, args.indexOf("--output")))));
    }
    if (args.includes(stateAccount)) return sides.context.run(command, args, options);
    if (program === "node" && args[0]?.endsWith("package.ts")) {
      state.changes = state.changesOfBuild;
      return state.packageFails ? failed("esbuild failed.") : done("package/vitae.zip");
    }
    // The roles that the person has while it seeds: one on tables for these minutes, one on secrets for good.
    if (program === "node" && args[0]?.endsWith("seed-entity/main.ts")) {
      const principals = stage.state.tableRoles.map(({ properties }) => properties.principalId);
      if (!principals.includes(PERSON) || stage.state.vaultRoles.length > 0) return failed("seed-entity: Forbidden");
      return done("visits: created at 0\n");
    }
    return stage.context.run(command, args, options);
  };
  const context: DeployContext = {
    ...stage.context,
    run,
    az: createAz(run),
    // Nothing here depends on how long a wait is, but the timers of the lock must let others run.
    clock: {
      now: Date.now,
      sleep: (milliseconds, signal) => sides.context.clock.sleep(Math.min(milliseconds, 5), signal),
    },
  };
  return { context, state, stateAccount, leases, simulated: stage, lines: stage.state.lines };
}
