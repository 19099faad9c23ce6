// Simulates a stage in Azure behind az, terraform, seed-entity, verify and HTTP.
import { SUBSCRIPTION } from "../azure-cli.fixture.ts";
import { createAz, DEFAULT_TIMEOUT_MS, type Run } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { type DeployTarget, readTarget } from "../target.ts";
import { createSimulatedAz } from "./simulated-az.fixture.ts";
import { createSimulatedKudu, SCM_HOST } from "./simulated-kudu.fixture.ts";
import { createSimulatedTerraform, ExitCode } from "./simulated-terraform.fixture.ts";
import { createFaults, createState, denyWhile, fail, SIGNED_URL } from "./stage-state.fixture.ts";

export const DEPLOYER = "11111111-2222-4333-8444-555555555555";

export type SimulatedStage = ReturnType<typeof createStage>;

export function createStage(stageName = "production", commit = "c".repeat(40), runId = "77") {
  const target: DeployTarget = readTarget(stageName, {
    ARM_SUBSCRIPTION_ID: SUBSCRIPTION,
    AZURE_CLIENT_ID: "99999999-8888-4777-8666-555555555555",
    DEPLOYER_OBJECT_ID: DEPLOYER,
    STATE_ACCOUNT: "vitaestate1",
    GITHUB_SHA: commit,
    GITHUB_RUN_ID: runId,
  });
  const state = createState();
  const faults = createFaults();
  // Tests replace the configuration of the target.
  const stage = { target, state, faults };
  const az = createSimulatedAz(stage);
  const terraform = createSimulatedTerraform(state, faults);
  const kudu = createSimulatedKudu(state, faults);

  function node([program = "", ...args]: readonly string[], env: Readonly<Record<string, string>>): string {
    if (program.endsWith("infra/main.ts")) return "";
    if (program.endsWith("seed-entity/main.ts")) {
      const mine = [...state.tableRoles.map(({ properties }) => properties), ...state.vaultRoles];
      if (mine.filter(({ principalId }) => principalId === DEPLOYER).length < 2) fail("seed-entity: Forbidden");
      const denied = 'seed-entity: Key Vault failed for the secret "signing-keys": Caller is not authorized';
      denyWhile(faults, "seedDenials", denied);
      state.seeded.push(env);
      return `visits of "resume": created at ${args[1] ?? 0}\n${faults.ownerLines}`;
    }
    const { deployed } = state;
    state.verifyTokens.push(env.VERIFY_TOKEN);
    if (args.includes("--require-token")) {
      if (!env.VERIFY_TOKEN) fail("--require-token: the images were not checked");
      if (!state.stacks.has("events")) fail("FAILED images: the image is not ready within 300 s");
    }
    const expected = args[args.indexOf("--commit") + 1];
    if (!deployed?.healthy || deployed.commit !== expected) fail(`1 check of ${expected} failed`);
    return "all checks passed\n";
  }

  function start(command: string, args: readonly string[], env: Readonly<Record<string, string>>): string {
    if (command === "az") return JSON.stringify(az(args)) ?? "";
    return command === "terraform" ? terraform(args) : node(args, env);
  }

  const run: Run = async (command, args, options = {}) => {
    const line = [
      command === process.execPath ? "node" : command,
      ...args.map((arg) => arg.replace(/^.*\/(?=[\w.-]+\/[\w.-]+$)/, "")),
    ].join(" ");
    state.commands.push(line);
    const plain = args.filter(
      (arg, at) => !["--output", "--only-show-errors"].includes(arg) && args[at - 1] !== "--output",
    );
    try {
      if (faults.hangingCommand !== undefined && line.includes(faults.hangingCommand)) {
        state.now += options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
        return { code: 1, stdout: "", stderr: "Ended, as it had not finished after its limit." };
      }
      if (faults.isSlow) state.now += options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      if (faults.failingCommands.some((start) => line.startsWith(start))) fail(`Failed at ${SIGNED_URL}`);
      const stdout = start(command, command === "az" ? plain : args, options.env ?? {});
      if (faults.failingAfterwards.some((start) => line.startsWith(start))) fail("The connection was lost.");
      return { code: 0, stdout, stderr: "" };
    } catch (error) {
      return { code: error instanceof ExitCode ? error.code : 1, stdout: "", stderr: (error as Error).message };
    }
  };

  /** The health of the app: of a package whose host does not start, the platform responds. */
  function health(): Response {
    const { deployed } = state;
    if (deployed?.starts === false) return new Response("Service Unavailable", { status: 503 });
    return deployed ? Response.json({ commit: deployed.commit }) : new Response("", { status: 404 });
  }

  const context: DeployContext = {
    run,
    az: createAz(run),
    async fetch(address, init) {
      if (!init?.signal) throw new Error(`The request to ${new URL(String(address)).hostname} has no time limit.`);
      if (String(address) === SIGNED_URL) {
        if (faults.slackIsDown) throw new Error(`connect ECONNREFUSED ${SIGNED_URL}`);
        state.slack.push(JSON.parse(String(init?.body)));
        return new Response(null, { status: 202 });
      }
      const url = new URL(String(address));
      return url.hostname === SCM_HOST ? kudu(url, init) : health();
    },
    clock: {
      now: () => state.now,
      async sleep(milliseconds) {
        state.now += milliseconds;
      },
    },
    log: (line) => state.lines.push(line),
  };
  return Object.assign(stage, { context });
}
