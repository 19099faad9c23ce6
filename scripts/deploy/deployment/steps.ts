// The steps of a deployment in its log.
import type { DeployContext } from "../deploy-context.ts";
import { renewLogin } from "../login.ts";

export type RunStep = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Groups the lines of each step in GitHub's log, and renews the Azure login before the step. */
export const createSteps =
  (context: DeployContext): RunStep =>
  async (name, work) => {
    context.log(`::group::${name}`);
    try {
      await renewLogin(context, process.env);
      return await work();
    } finally {
      context.log("::endgroup::");
    }
  };
