// The order of a deployment, and the rollback of the code when a step fails.
import { writeFile } from "node:fs/promises";
import { applyPlatform, applyStack } from "./apply-stack.ts";
import type { DeployContext } from "./deploy-context.ts";
import { type App, createApp } from "./deployed-app.ts";
import { renewLogin } from "./login.ts";
import { notifySlack } from "./notify-slack.ts";
import { publishPage } from "./publish-page.ts";
import { createReleases, type Releases } from "./releases.ts";
import { seedDeployment } from "./seed-deployment.ts";
import type { DeployTarget } from "./target.ts";
import { openTerraform, type Stack, type Terraform } from "./terraform-cli.ts";

export type DeployOptions = {
  /** The zip to deploy. */
  readonly file: string;
  /** Plans without changing anything. */
  readonly dryRun: boolean;
  /** Applies plans that delete or replace resources that hold data. */
  readonly allowLoss: boolean;
  /** Visits to carry over from an older counter. */
  readonly startAt?: string;
  /** Additional flags of verify. */
  readonly verifyArgs: readonly string[];
  /** A file that receives the output of verify for the new code. */
  readonly report?: string;
};

/** @throws {Error} of the step that failed; in production its message says which code runs now */
export async function deploy(context: DeployContext, target: DeployTarget, options: DeployOptions): Promise<void> {
  const terraform = await openTerraform(context, target.stage);
  const app = createApp(context, target);
  const step = createSteps(context);
  if (options.dryRun) return dryRun({ terraform, app, step, log: context.log });
  const releases = createReleases(context, target);
  // A failed preview is left as it is for inspection, and sends no Slack message.
  const isProduction = target.stage === "production";
  try {
    await step("plan and apply platform", () =>
      applyPlatform(context, terraform, { target, allowLoss: options.allowLoss }),
    );
    await step("seed", () => seedDeployment(context, target, options.startAt));
    await step("keep the package", () => releases.keep(options.file));
  } catch (error) {
    const message = `The deployment failed before the code was replaced: ${firstLine(error)} The previous code still runs.`;
    if (isProduction) await notifySlack(context, target, message);
    throw error;
  }
  try {
    await step("deploy the package", async () => {
      await app.deploy(options.file);
      await app.waitFor(target.commit);
    });
    await step("plan and apply events", async () => {
      await app.waitForEventKey();
      await applyStack(context, terraform, { stack: "events", allowLoss: options.allowLoss });
    });
    await step("verify", () => verify(app, target.commit, options));
  } catch (error) {
    if (!isProduction) throw error;
    const outcome = await step("roll back", () => rollBack(app, releases, options.verifyArgs));
    await notifySlack(context, target, `The deployment failed: ${firstLine(error)} ${outcome}`);
    throw new Error(`${error instanceof Error ? error.message : error}\n${outcome}`, { cause: error });
  }
  await step("mark the package as good", () => releases.markGood());
  if (!target.config.site.enabled) return;
  try {
    await step("upload the page", () => publishPage(context, target, app));
  } catch (error) {
    // The code is good, and an older page works with it: nothing is rolled back.
    const message = `The page of the website was not uploaded completely: ${firstLine(error)} The new code passed its checks and runs.`;
    if (isProduction) await notifySlack(context, target, message);
    throw new Error(`${message}\n${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split("\n")[0];

type RunStep = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Groups the lines of each step in GitHub's log, and renews the Azure login before the step. */
const createSteps =
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

async function verify(app: App, commit: string, { verifyArgs, report }: DeployOptions): Promise<void> {
  const { passed, text } = await app.verify(commit, verifyArgs);
  if (report !== undefined) await writeFile(report, text);
  if (!passed) throw new Error(`The checks of ${commit} failed; see the log.`);
}

async function dryRun(options: { terraform: Terraform; app: App; step: RunStep; log: DeployContext["log"] }) {
  const { terraform, app, step, log } = options;
  const showPlan = (stack: Stack) =>
    step(`plan of ${stack}`, async () => {
      const { lines, losses } = await terraform.plan(stack);
      for (const line of [...lines, ...losses.map((loss) => `  This would lose data: ${loss}`)]) log(line);
    });
  await showPlan("platform");
  // Before the first deployment there is no app to list the keys of.
  if (await app.hasEventKey().catch(() => false)) await showPlan("events");
  else log("The stack events cannot be planned: the app has no event key yet. The first deployment creates both.");
}

/** Deploys the last good package again, and returns one sentence about the code that runs now. Never throws. */
async function rollBack(app: App, releases: Releases, verifyArgs: readonly string[]): Promise<string> {
  try {
    const good = await releases.lastGood();
    if (good === undefined) return "No rollback: no earlier package passed its checks, so the new code still runs.";
    await app.deploy(await releases.download(good));
    await app.waitFor(good);
    return (await app.verify(good, verifyArgs)).passed
      ? `Rolled back to ${good}, which passes its checks.`
      : `Rolled back to ${good}, which also fails its checks. See docs/deploy.md, "Roll back by hand".`;
  } catch (error) {
    return `The rollback failed: ${firstLine(error)} See docs/deploy.md, "Roll back by hand".`;
  }
}
