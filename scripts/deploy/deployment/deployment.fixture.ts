// Runs a deployment of a healthy or unhealthy package against a simulated stage.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { createAz, type Run } from "../command.ts";
import { type DeployOptions, deploy } from "./order.ts";
import { createStage, DEPLOYER, type SimulatedStage } from "./simulated-stage.fixture.ts";
import type { Package } from "./stage-state.fixture.ts";

export const NEW = "c".repeat(40);
export const OLD = "a".repeat(40);

/** Deploys, and returns the error message if it fails. */
export async function runDeployment(
  stage: SimulatedStage,
  it: Partial<Package> & Partial<DeployOptions> = {},
): Promise<string | undefined> {
  const { healthy = true, starts = true, ...options } = it;
  const { commit } = stage.target;
  const folder = await mkdtemp(join(tmpdir(), "vitae-packages-"));
  const file = join(folder, `${commit}-${healthy}.zip`);
  await writeFile(file, JSON.stringify({ commit, healthy, ...(!starts && { starts }) }));
  const lockFile = join(folder, ".terraform.lock.hcl");
  await writeFile(lockFile, "");
  const all = { file, lockFile, dryRun: false, allowLoss: false, ...options };
  return deploy(stage.context, stage.target, all)
    .then(
      () => undefined,
      (error: Error) => error.message,
    )
    .finally(() => rm(folder, { recursive: true }));
}

/** A stage on which the old commit runs and is healthy. */
export async function createDeployedStage(commit = NEW): Promise<SimulatedStage> {
  const before = createStage("production", OLD, "1");
  expect(await runDeployment(before)).toBeUndefined();
  const stage = createStage("production", commit, "2");
  Object.assign(stage.state, { ...before.state, commands: [], lines: [], slack: [], seeded: [], verifyTokens: [] });
  return stage;
}
/** Injects the faults when the first command line that contains the text starts. */
export function injectAt(stage: SimulatedStage, text: string, faults: Partial<SimulatedStage["faults"]>): void {
  const { run } = stage.context;
  const injectingRun: Run = (command, args, options) => {
    if (args.join(" ").includes(text)) Object.assign(stage.faults, faults);
    return run(command, args, options);
  };
  Object.assign(stage.context, { run: injectingRun, az: createAz(injectingRun) });
}
export const deployerHasNoDataRole = ({ state }: SimulatedStage) =>
  [...state.tableRoles.map(({ properties }) => properties), ...state.vaultRoles].every(
    ({ principalId }) => principalId !== DEPLOYER,
  );
/** The main steps that ran, in order. */
export const stepsOf = ({ state }: SimulatedStage) =>
  state.commands
    .map(
      (line) =>
        /^terraform \S*?(platform|events) (apply)|^node (seed-entity|verify)|^az (?:storage blob (upload|metadata))|^POST .api.(publish)/.exec(
          line,
        ) ?? [],
    )
    .map((found) => found.slice(1).filter(Boolean).join(" "))
    .filter(Boolean);
/** Everything that a person or Slack could read. */
export const outputOf = ({ state }: SimulatedStage, message = "") =>
  [...state.lines, message, JSON.stringify(state.slack)].join("\n");
