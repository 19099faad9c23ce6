// Removes the previews whose pull request is closed or has lost its label. The Terraform state lists the previews.

import { runOrThrow } from "./command.ts";
import type { DeployContext } from "./deploy-context.ts";
import { renewLogin } from "./login.ts";
import { openTerraform } from "./terraform-cli.ts";

/** The label that gives a pull request its own stage; preview.yml names it too. */
const PREVIEW_LABEL = "preview";

type Blob = { readonly name: string };
type Pull = { readonly state: string; readonly labels: readonly { readonly name: string }[] };

/** @throws {Error} naming the previews that could not be removed, after all were tried */
export async function sweepPreviews(context: DeployContext, stateAccount: string): Promise<void> {
  const { az, run, log } = context;
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
        log(`preview-${number}: kept, its pull request is open.`);
        continue;
      }
      await remove(number);
      log(`preview-${number}: removed.`);
    } catch (error) {
      failed.push(`preview-${number}`);
      log(`preview-${number}: not removed. ${error instanceof Error ? error.message : error}`);
    }
  if (numbers.size === 0) log("There are no previews.");
  if (failed.length > 0) throw new Error(`Not removed: ${failed.join(", ")}. The next sweep tries again.`);

  async function remove(number: string): Promise<void> {
    await renewLogin(context, process.env);
    const terraform = await openTerraform(context, `preview-${number}`);
    // The events stack reads resources of the platform stack, so it goes first.
    await terraform.destroy("events");
    await terraform.destroy("platform");
    // The state goes last: until then the next sweep still finds the preview.
    for (const { name } of blobs)
      if (name.startsWith(`preview-${number}/`)) await az("storage", "blob", "delete", ...container, "--name", name);
  }
}
