// Packages by commit, on the host's account: the ones that passed their checks are what a rollback deploys.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deploymentContainers } from "../../infra/naming.ts";
import type { DeployTarget } from "./target.ts";
import { ROLES_SPREAD, refusedForNow, retry, type World } from "./world.ts";

const KEPT = 10;

type Blob = { readonly name: string; readonly metadata?: { readonly good?: string } | null };

export function createReleases(world: World, { names, commit }: DeployTarget) {
  const container = ["--container-name", deploymentContainers.releases];
  const login = ["--account-name", names.hostAccount, "--auth-mode", "login"];
  const blob = (command: readonly string[], ...args: string[]) =>
    // The right to this container comes with the platform, minutes ago in a first deployment.
    retry(world, () => world.az("storage", "blob", ...command, ...login, ...container, ...args), {
      for: ROLES_SPREAD,
      every: 20_000,
      passes: refusedForNow,
    });
  const nameOf = (id: string) => `${id}.zip`;

  async function list(): Promise<Blob[]> {
    const all = (await blob(["list"], "--include", "m", "--num-results", "*")) as Blob[];
    const goodAt = ({ metadata }: Blob) => metadata?.good ?? "";
    return all.toSorted((one, other) => goodAt(other).localeCompare(goodAt(one)));
  }

  return {
    /** Keeps a package that nothing is known of yet. */
    async keep(file: string): Promise<void> {
      await blob(["upload"], "--name", nameOf(commit), "--file", file, "--overwrite", "true");
    },
    /** After its checks only. Then the tenth last good one is the oldest that is kept. */
    async markGood(): Promise<void> {
      const good = new Date(world.clock.now()).toISOString();
      await blob(["metadata", "update"], "--name", nameOf(commit), "--metadata", `good=${good}`);
      const all = await list();
      const kept = all.filter(({ metadata }) => metadata?.good).slice(0, KEPT);
      for (const it of all) if (!kept.includes(it)) await blob(["delete"], "--name", it.name);
    },
    /** The commit of the newest good package, if there is any. Not this one: keeping it again took its mark away. */
    async lastGood(): Promise<string | undefined> {
      const found = (await list()).find(({ metadata }) => metadata?.good);
      return found?.name.replace(/\.zip$/, "");
    },
    async fetch(good: string): Promise<string> {
      const file = join(await mkdtemp(join(tmpdir(), "vitae-release-")), nameOf(good));
      await blob(["download"], "--name", nameOf(good), "--file", file);
      return file;
    },
  };
}
