// Deploys the last good package again. Only code: settings are compatible by rule, and an older plan could delete data.
import type { DeployContext } from "../deploy-context.ts";
import { firstLine } from "../error-message.ts";
import type { DeployTarget } from "../target.ts";
import { beginPhase } from "./deadline.ts";
import { createApp, START_MS } from "./deployed-app.ts";
import { createReleases } from "./releases.ts";
import { createSteps } from "./steps.ts";

type RollbackOptions = {
  /** The commit of the last good package; undefined without one. */
  readonly good: string | undefined;
  readonly token: string | undefined;
};

const BY_HAND = 'See docs/maintain.md, "Roll back by hand".';

/** Returns one sentence about the code that runs now. Never throws: the failure of the deployment is the one to report. */
export async function rollBack(
  context: DeployContext,
  target: DeployTarget,
  { good, token }: RollbackOptions,
): Promise<string> {
  if (good === undefined) return "No rollback: no earlier package passed its checks, so what Azure accepted stays.";
  try {
    const phase = beginPhase(context, "rollBack");
    const app = createApp(phase, target);
    return await createSteps(phase)("roll back", async () => {
      await app.deploy(await createReleases(phase, target).download(good));
      await app.waitFor(good, START_MS);
      return (await app.verify(good, token)).passed
        ? `Rolled back to ${good}, which passes its checks.`
        : `Rolled back to ${good}, which also fails its checks. ${BY_HAND}`;
    });
  } catch (error) {
    return `The rollback to ${good} failed, so it is not known which code runs: ${firstLine(error)} ${BY_HAND}`;
  }
}
