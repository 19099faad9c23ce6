// Removes the previews whose pull request is closed or has lost its label. The Terraform state lists the previews.
import { runOrThrow } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { destroyStage } from "../deployment/destroy-stage.ts";
import { messageOf } from "../error-message.ts";
import { InterruptedError } from "../interrupted-by-signals.ts";
import { MINUTE } from "../retry.ts";
import { readTarget, stateContainer } from "../target.ts";

/** The label that gives a pull request its own stage; preview.yml names it too. */
const PREVIEW_LABEL = "preview";

/**
 * Minutes from the start of a sweep after which it begins no removal: the job's limit would end one that has begun, and leave
 * the lock of its state, which only a person can break.
 */
export const LAST_REMOVAL = 80;

type Blob = { readonly name: string };
type Pull = { readonly state: string; readonly labels: readonly { readonly name: string }[] };

/**
 * @param environment as that of a deployment, for readTarget
 * @throws {Error} naming the previews that could not be removed, after all were tried; InterruptedError at once
 */
export async function sweepPreviews(
  context: DeployContext,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { az, run, log, clock } = context;
  const lastRemoval = clock.now() + LAST_REMOVAL * MINUTE;
  // Any preview: what differs is the stage. Variables that are missing are reported before the first call.
  const container = stateContainer(readTarget("preview-1", environment));
  const blobs = (await az("storage", "blob", "list", ...container, "--num-results", "*")) as Blob[];
  const numbers = new Set(
    blobs.map(({ name }) => /^preview-([1-9]\d*)\/.*\.tfstate$/.exec(name)?.[1]).filter((it) => it !== undefined),
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
      if (clock.now() > lastRemoval) {
        log(`preview-${number}: left to the next sweep, as this one has run for ${LAST_REMOVAL} minutes.`);
        continue;
      }
      await destroyStage(context, readTarget(`preview-${number}`, environment));
      log(`preview-${number}: removed.`);
    } catch (error) {
      // Seconds before the job is ended, the next removal must not begin.
      if (error instanceof InterruptedError) throw error;
      failed.push(`preview-${number}`);
      // Such as one that a person deployed, or only planned: the lock of a plan creates a state.
      const advice = /Could not resolve to a PullRequest/.test(messageOf(error))
        ? `There is no pull request ${number}. To remove it: npm run destroy -- --stage preview-${number}\n`
        : "";
      log(`preview-${number}: not removed. ${advice}${messageOf(error)}`);
    }
  if (numbers.size === 0) log("There are no previews.");
  if (failed.length > 0) throw new Error(`Not removed: ${failed.join(", ")}. The next sweep tries again.`);
}
