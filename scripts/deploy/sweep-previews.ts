// Removes the previews whose pull request is closed, or has lost its label. The state tells which previews there are.

import { runOrThrow } from "./command.ts";
import { renewLogin } from "./login.ts";
import { PREVIEW_LABEL } from "./preview-label.ts";
import { openTerraform } from "./terraform.ts";
import type { World } from "./world.ts";

type Blob = { readonly name: string };
type Pull = { readonly state: string; readonly labels: readonly { readonly name: string }[] };

/** @throws {Error} naming the previews that could not be removed, after all were tried */
export async function sweepPreviews(world: World, stateAccount: string): Promise<void> {
  const { az, run, say } = world;
  const container = ["--account-name", stateAccount, "--container-name", "preview", "--auth-mode", "login"];
  const blobs = (await az("storage", "blob", "list", ...container, "--num-results", "*")) as Blob[];
  const numbers = new Set(
    blobs.map(({ name }) => /^preview-([1-9]\d*)\//.exec(name)?.[1]).filter((it) => it !== undefined),
  );
  const failed: string[] = [];
  for (const number of numbers)
    try {
      const text = await runOrThrow(run, ["gh", ["pr", "view", number, "--json", "state,labels"]]);
      const { state, labels } = JSON.parse(text) as Pull;
      if (state === "OPEN" && labels.some(({ name }) => name === PREVIEW_LABEL)) {
        say(`preview-${number}: stays, its pull request is open.`);
        continue;
      }
      await remove(number);
      say(`preview-${number}: removed.`);
    } catch (fault) {
      failed.push(`preview-${number}`);
      say(`preview-${number}: NOT removed. ${fault instanceof Error ? fault.message : fault}`);
    }
  if (numbers.size === 0) say("There are no previews.");
  if (failed.length > 0) throw new Error(`Not removed: ${failed.join(", ")}. The next sweep tries again.`);

  async function remove(number: string): Promise<void> {
    await renewLogin(world, process.env);
    const terraform = await openTerraform(world, `preview-${number}`);
    // What reads the platform goes first.
    await terraform.destroy("events");
    await terraform.destroy("platform");
    // The state goes last: while it is there, what it names is not forgotten.
    for (const { name } of blobs)
      if (name.startsWith(`preview-${number}/`)) await az("storage", "blob", "delete", ...container, "--name", name);
  }
}
