// Packages by commit in the container `releases`. A rollback deploys the newest one that passed its checks.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deploymentContainers } from "../../../infra/naming.ts";
import type { DeployContext } from "../deploy-context.ts";
import { retryWhileDenied } from "../retry.ts";
import type { DeployTarget } from "../target.ts";

/** Number of good packages that are kept. */
const KEPT = 10;

/**
 * The metadata `good` marks a package that passed its checks. When, is Azure's time of the last change, which is the mark:
 * the clock of a laptop can be hours behind after a sleep. ISO 8601.
 */
type Blob = {
  readonly name: string;
  readonly metadata?: { readonly good?: string } | null;
  readonly properties: { readonly lastModified: string };
};

export function createReleases(context: DeployContext, { names, commit }: DeployTarget) {
  const container = ["--container-name", deploymentContainers.releases];
  const login = ["--account-name", names.hostAccount, "--auth-mode", "login"];
  // In a first deployment the role on this container is minutes old.
  const blob = (command: readonly string[], ...args: string[]) =>
    retryWhileDenied(context, () => context.az("storage", "blob", ...command, ...login, ...container, ...args));
  const nameOf = (id: string) => `${id}.zip`;

  /** All packages, the one that was changed last first. */
  async function list(): Promise<Blob[]> {
    const all = (await blob(["list"], "--include", "m", "--num-results", "*")) as Blob[];
    const changedAt = ({ properties }: Blob) => Date.parse(properties.lastModified);
    return all.toSorted((one, other) => changedAt(other) - changedAt(one));
  }

  return {
    /** Uploads the package, unmarked. */
    async keep(file: string): Promise<void> {
      await blob(["upload"], "--name", nameOf(commit), "--file", file, "--overwrite", "true");
    },
    /** Marks the package as good. */
    async markGood(): Promise<void> {
      const good = new Date(context.clock.now()).toISOString();
      await blob(["metadata", "update"], "--name", nameOf(commit), "--metadata", `good=${good}`);
    },
    /** Deletes all but the ten newest good packages. */
    async deleteOld(): Promise<void> {
      const all = await list();
      const kept = all.filter(({ metadata }) => metadata?.good).slice(0, KEPT);
      for (const it of all) if (!kept.includes(it)) await blob(["delete"], "--name", it.name);
    },
    /** The commit of the newest good package. Never the current commit: `keep` removed its mark. */
    async lastGood(): Promise<string | undefined> {
      const newest = (await list()).find(({ metadata }) => metadata?.good);
      return newest?.name.replace(/\.zip$/, "");
    },
    /** Downloads the package of a commit and returns the path of the file. */
    async download(good: string): Promise<string> {
      const file = join(await mkdtemp(join(tmpdir(), "vitae-release-")), nameOf(good));
      await blob(["download"], "--name", nameOf(good), "--file", file);
      return file;
    },
  };
}
