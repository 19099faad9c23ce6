// Deployments of one stage under its lock: what runs when two begin at once, and when the lock is lost while Terraform works.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Run } from "../command.ts";
import { createAz } from "../command.ts";
import { type BlobLeases, createBlobLeases, leaseContext } from "../lock/blob-leases.fixture.ts";
import { deployStage } from "./deploy-stage.ts";
import { createDeployedStage, OLD } from "./deployment.fixture.ts";
import { createStage, type SimulatedStage } from "./simulated-stage.fixture.ts";

let folder: string;
let leases: BlobLeases;
/** Deployments that have not ended. */
let running: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-locked-"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  leases = createBlobLeases(Date.now);
  running = 0;
});
afterEach(() => {
  vi.useRealTimers();
  return rm(folder, { recursive: true });
});

/** Begins a deployment whose programs take 20 seconds each. */
function begin(stage: SimulatedStage, healthy: boolean) {
  const file = join(folder, `${stage.target.commit}.zip`);
  const sides = leaseContext(leases);
  const run: Run = async (command, args, options) => {
    if (args.includes(stage.target.stateAccount)) return sides.context.run(command, args, options);
    await sides.context.clock.sleep(20_000, options?.signal);
    return stage.context.run(command, args, options);
  };
  const context = { ...stage.context, run, az: createAz(run), clock: sides.context.clock };
  const lockFile = join(folder, ".terraform.lock.hcl");
  const all = { file, lockFile, dryRun: false, allowLoss: false };
  const { config } = stage.target;
  const own = {
    origins: ["https://ada.dev"],
    ownerEmail: "ada@ada.dev",
    alerts: { ...config.alerts, runbooks: "https://ada.dev" },
  };
  const target = { ...stage.target, config: { ...config, ...own } };
  running++;
  const deployment = { outcome: undefined as string | undefined };
  void writeFile(lockFile, "")
    .then(() => writeFile(file, JSON.stringify({ commit: stage.target.commit, healthy })))
    .then(() => deployStage(context, target, all))
    .then(
      () => (deployment.outcome = "done"),
      (error: Error) => (deployment.outcome = error.message),
    )
    .finally(() => running--);
  return deployment;
}
/**
 * Lets time pass until the condition holds, at most for three hours. None passes while a deployment reads a file or signs a
 * token, which takes real time: each waits for one timer, and the renewal of the lock for another.
 */
async function passUntil(condition: () => boolean): Promise<void> {
  for (let second = 0; second < 10_800 && !condition(); second += 5) {
    for (let tries = 0; tries < 1000 && vi.getTimerCount() <= running && !condition(); tries++) await pause(1);
    await vi.advanceTimersByTimeAsync(5000);
    await new Promise(setImmediate);
  }
}

it("a deployment that begins during another one changes nothing until the rollback of the first has ended", async () => {
  const first = await createDeployedStage();
  const second = createStage("production", "e".repeat(40), "3");
  // The same stage in Azure; each deployment has a list of its own commands.
  Object.assign(second.state, first.state, { commands: [], lines: [] });
  const failed = begin(first, false);
  await passUntil(() => first.state.commands.length > 0);
  const waiting = begin(second, true);
  await passUntil(() => failed.outcome !== undefined);
  expect(failed.outcome).toContain(`Rolled back to ${OLD}, which passes its checks.`);
  expect(second.state.commands.filter((line) => line.startsWith("terraform"))).toEqual([]);
  await passUntil(() => waiting.outcome !== undefined);
  expect(waiting.outcome).toBe("done");
});

it("a deployment that loses its lock while Terraform applies ends it, and rolls nothing back", async () => {
  const stage = await createDeployedStage();
  const deployment = begin(stage, true);
  const isApplying = () => stage.state.commands.some((line) => line.includes("show -json"));
  await passUntil(isApplying);
  // Someone broke the lease, and another deployment has it.
  for (const blob of leases.blobs.values())
    blob.lease = { id: "other", seconds: 60, expiresAt: Date.now() + 3_600_000 };
  const before = stage.state.commands.length;
  await passUntil(() => deployment.outcome !== undefined);
  expect(deployment.outcome).toContain("The lock of production was lost");
  expect(stage.state.commands.slice(before).filter((line) => !line.includes("storage blob"))).toEqual([]);
  expect(stage.state.deployed).toEqual({ commit: OLD, healthy: true });
  expect(stage.state.slack).toEqual([]);
});
