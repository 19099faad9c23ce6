// The order of a deployment, and what follows when a step fails.
import { writeFile } from "node:fs/promises";
import type { DeployContext } from "../deploy-context.ts";
import { firstLine, messageOf } from "../error-message.ts";
import { InterruptedError } from "../interrupted-by-signals.ts";
import { ROLE_PROPAGATION_MS } from "../retry.ts";
import type { DeployTarget } from "../target.ts";
import { applyEvents, applyPlatform, warnOfChanges } from "./apply-stack.ts";
import { beginPhase } from "./deadline.ts";
import { createApp, START_MS } from "./deployed-app.ts";
import { dryRun } from "./dry-run.ts";
import { disableGeneratedRule } from "./generated-rule.ts";
import { notifySlack } from "./notify-slack.ts";
import { publishPage } from "./publish-page.ts";
import { createReleases } from "./releases.ts";
import { rollBack } from "./roll-back.ts";
import { seedDeployment } from "./seed-deployment.ts";
import { createSteps } from "./steps.ts";
import { openTerraform, requireLockFile, type Terraform } from "./terraform-cli.ts";

export type DeployOptions = {
  /** The zip to deploy. */
  readonly file: string;
  /** Plans without changing anything. */
  readonly dryRun: boolean;
  /** Applies plans that delete or replace resources that hold data. */
  readonly allowLoss: boolean;
  /** Visits to carry over from an older counter. */
  readonly startAt?: string;
  /** A file that receives the output of verify for the new code. */
  readonly report?: string;
  /** Pins the providers of Terraform; production needs it. @default infra/.terraform.lock.hcl */
  readonly lockFile?: string;
};

/** What the steps before the new code leave for those after it. */
type Prepared = { readonly token: string | undefined; readonly good: string | undefined };

/** @throws {Error} of the step that failed; in production its message says which code runs now */
export async function deploy(context: DeployContext, target: DeployTarget, options: DeployOptions): Promise<void> {
  if (options.dryRun) return dryRun(context, target);
  const isProduction = target.stage === "production";
  if (isProduction) requireLockFile(options.lockFile);
  let phase = beginPhase(context, "deploy");
  // A failed preview is left as it is for inspection, and sends no Slack message.
  const report = async (text: string) => {
    if (isProduction) await notifySlack(context, target, text);
  };
  let terraform: Terraform;
  let prepared: Prepared;
  try {
    // Of the phase in which it is called.
    const run: DeployContext["run"] = (...call) => phase.run(...call);
    terraform = await openTerraform({ ...context, run }, target.stage, options.lockFile);
    prepared = await prepare(phase, target, { terraform, ...options });
  } catch (error) {
    await report(`The deployment failed before the code was replaced: ${firstLine(error)} No code was deployed.`);
    throw error;
  }
  let eventsError: unknown;
  /** Without blob events no thumbnail is made in time, so the images are not checked. */
  const token = () => (eventsError === undefined ? prepared.token : undefined);
  try {
    await startPackage(phase, target, { file: options.file, good: prepared.good });
    eventsError = await connectEvents(phase, target, { terraform, ...options });
    await verify(phase, target, { ...options, token: token() });
  } catch (error) {
    if (!isProduction) throw error;
    const outcome = await rollBack(context, target, { good: prepared.good, token: token() });
    await report(`The deployment failed: ${firstLine(error)} ${outcome}`);
    throw new Error(`${messageOf(error)}\n${outcome}`, { cause: error });
  }
  if (eventsError !== undefined) {
    const outcome = `The new code runs, and passed its checks except those of images. Blob events were not connected: ${firstLine(eventsError)} Without them a thumbnail takes up to ten minutes. Start the deployment again.`;
    await report(outcome);
    throw new Error(`${outcome}\n${messageOf(eventsError)}`, { cause: eventsError });
  }
  phase = beginPhase(context, "finish");
  await finish(phase, target, { terraform, report });
}

type WithTerraform = DeployOptions & { readonly terraform: Terraform };

async function prepare(phase: DeployContext, target: DeployTarget, options: WithTerraform): Promise<Prepared> {
  const step = createSteps(phase);
  await step("plan and apply platform", () => applyPlatform(phase, options.terraform, { target, ...options }));
  const token = await step("seed", () => seedDeployment(phase, target, options.startAt));
  const releases = createReleases(phase, target);
  const good = await step("keep the package", async () => {
    await releases.keep(options.file);
    return releases.lastGood();
  });
  return { token, good };
}

async function startPackage(
  phase: DeployContext,
  target: DeployTarget,
  { file, good }: { readonly file: string; readonly good: string | undefined },
): Promise<void> {
  const app = createApp(phase, target);
  await createSteps(phase)("deploy the package", async () => {
    await app.deploy(file);
    // In a first deployment the host cannot start before the app's roles have propagated, and nothing else could run.
    await app.waitFor(target.commit, good === undefined ? ROLE_PROPAGATION_MS : START_MS);
  });
}

/**
 * @returns the error of the stack, which is not the code's: an older package would not have the events either
 * @throws {Error} when the code has not created the key of its event webhook
 */
async function connectEvents(phase: DeployContext, target: DeployTarget, options: WithTerraform): Promise<unknown> {
  return createSteps(phase)("plan and apply events", async () => {
    await createApp(phase, target).waitForEventKey();
    return applyEvents(phase, options.terraform, options).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof InterruptedError) throw error;
        phase.log(`::warning::Blob events are not connected, so the images are not checked. ${firstLine(error)}`);
        return error;
      },
    );
  });
}

async function verify(
  phase: DeployContext,
  target: DeployTarget,
  { token, report }: Pick<DeployOptions, "report"> & Pick<Prepared, "token">,
): Promise<void> {
  await createSteps(phase)("verify", async () => {
    const { passed, text } = await createApp(phase, target).verify(target.commit, token);
    if (report !== undefined) await writeFile(report, text);
    if (!passed) throw new Error(`The checks of ${target.commit} failed; see the log.`);
  });
}

/** The code is good by now, and an older page works with it: nothing is rolled back. */
async function finish(
  phase: DeployContext,
  target: DeployTarget,
  { terraform, report }: { terraform: Terraform; report: (text: string) => Promise<void> },
): Promise<void> {
  const step = createSteps(phase);
  const reportFailure = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      const message = `${what}: ${firstLine(error)} The new code passed its checks and runs.`;
      await report(message);
      throw new Error(`${message}\n${messageOf(error)}`, { cause: error });
    }
  };
  const releases = createReleases(phase, target);
  await reportFailure("The package was not marked as good, so no rollback would use it", () =>
    step("mark the package as good", () => releases.markGood()),
  );
  await step("delete old packages", () => releases.deleteOld()).catch((error: unknown) =>
    phase.log(`::warning::Old packages were not deleted; the next deployment does. ${firstLine(error)}`),
  );
  await warnOfChanges(phase, terraform, step);
  await disableGeneratedRule(phase, target);
  if (!target.config.site.enabled) return;
  await reportFailure("The page of the website was not uploaded completely", () =>
    step("upload the page", () => publishPage(phase, target, createApp(phase, target))),
  );
}
