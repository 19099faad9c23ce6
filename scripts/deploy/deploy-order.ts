// The order of a deployment, and what happens when a step of it fails: the code goes back, and whoever runs it is told.
import { writeFile } from "node:fs/promises";
import { type App, createApp } from "./deployed-app.ts";
import { renewLogin } from "./login.ts";
import { notifySlack } from "./notify-slack.ts";
import { createReleases } from "./releases.ts";
import { seedStage } from "./seed-stage.ts";
import type { DeployTarget } from "./target.ts";
import { openTerraform, type Stack, type Terraform } from "./terraform.ts";
import type { World } from "./world.ts";

export type DeployOptions = {
  /** The zip to deploy. */
  readonly file: string;
  /** Plans, and changes nothing. */
  readonly dryRun: boolean;
  /** Goes on although what holds data would be deleted or replaced. */
  readonly allowLoss: boolean;
  /** Visits to carry over from an older counter. */
  readonly startAt?: string;
  /** Further flags of the checks. */
  readonly verifyArgs: readonly string[];
  /** A file that gets what the checks of the new code say. */
  readonly report?: string;
};

class ChecksFailed extends Error {
  override name = "ChecksFailed";
}

/** @throws {Error} of the step that failed, saying what runs in Azure now */
export async function deploy(world: World, target: DeployTarget, options: DeployOptions): Promise<void> {
  const terraform = await openTerraform(world, target.stage);
  const app = createApp(world, target);
  const step = steps(world);
  if (options.dryRun) return dryRun({ terraform, app, step, say: world.say });
  const releases = createReleases(world, target);
  // A preview that fails stays as it is, to be looked at, and nobody is woken.
  const lasting = target.stage === "production";
  try {
    await step("plan and apply platform", () => change(terraform, "platform", options.allowLoss, world.say));
    await step("seed", () => seedStage(world, target, options.startAt));
    await step("keep the package", () => releases.keep(options.file));
  } catch (fault) {
    const now = `The deployment failed before the code: ${first(fault)} The code before it runs on.`;
    if (lasting) await notifySlack(world, target, now);
    throw fault;
  }
  try {
    await step("deploy the package", async () => {
      await app.deploy(options.file);
      await app.waitFor(target.commit);
    });
    await step("plan and apply events", async () => {
      await app.waitForEventKey();
      await change(terraform, "events", options.allowLoss, world.say);
    });
    await step("verify", () => check(app, target.commit, options));
  } catch (fault) {
    if (!lasting) throw fault;
    const outcome = await step("roll back", () => rollBack({ app, releases, verifyArgs: options.verifyArgs }));
    await notifySlack(world, target, `The deployment failed: ${first(fault)} ${outcome}`);
    throw new Error(`${fault instanceof Error ? fault.message : fault}\n${outcome}`, { cause: fault });
  }
  await step("mark the package as good", () => releases.markGood());
}

const first = (fault: unknown) => (fault instanceof Error ? fault.message : String(fault)).split("\n")[0];

/** Folds the lines of each step in GitHub's log, and begins each with a login that lasts. */
const steps =
  (world: World) =>
  async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const { say } = world;
    say(`::group::${name}`);
    try {
      await renewLogin(world, process.env);
      return await work();
    } finally {
      say("::endgroup::");
    }
  };

async function change(terraform: Terraform, stack: Stack, allowLoss: boolean, say: World["say"]): Promise<void> {
  const { lines, losses } = await terraform.plan(stack);
  for (const line of lines) say(line);
  if (losses.length > 0 && !allowLoss)
    throw new Error(
      `The plan of ${stack} would lose data (${losses.join(", ")}), so nothing of it was applied. If that is meant, run the workflow by hand with "allow loss".`,
    );
  await terraform.apply(stack);
}

async function check(app: App, commit: string, { verifyArgs, report }: DeployOptions): Promise<void> {
  const { passed, text } = await app.verify(commit, verifyArgs);
  if (report !== undefined) await writeFile(report, text);
  if (!passed) throw new ChecksFailed(`The checks of ${commit} failed; the log shows which.`);
}

/** The events stack is planned only when the key that it needs is there. */
async function dryRun(on: { terraform: Terraform; app: App; step: ReturnType<typeof steps>; say: World["say"] }) {
  const { terraform, app, step, say } = on;
  const show = (stack: Stack) =>
    step(`plan of ${stack}`, async () => {
      const { lines, losses } = await terraform.plan(stack);
      for (const line of [...lines, ...losses.map((loss) => `  This would lose data: ${loss}`)]) say(line);
    });
  await show("platform");
  // Without an app there is no key either.
  if (await app.hasEventKey().catch(() => false)) await show("events");
  else say("The app has no key for events yet, so the stack events cannot be planned: a first deployment makes both.");
}

/** Gives the app the last good package, and says in one sentence what runs now. Never throws. */
async function rollBack(on: {
  readonly app: App;
  readonly releases: ReturnType<typeof createReleases>;
  readonly verifyArgs: readonly string[];
}): Promise<string> {
  const { app, releases, verifyArgs } = on;
  try {
    const good = await releases.lastGood();
    if (good === undefined)
      return "There is no earlier package that passed its checks, so nothing was rolled back: what was deployed runs as it is.";
    await app.deploy(await releases.fetch(good));
    await app.waitFor(good);
    return (await app.verify(good, verifyArgs)).passed
      ? `Rolled back to ${good}, which passes its checks.`
      : `Rolled back to ${good}, WHICH FAILS ITS CHECKS TOO: see docs/deploy.md, "Roll back by hand".`;
  } catch (fault) {
    return `THE ROLLBACK FAILED: ${first(fault)} See docs/deploy.md, "Roll back by hand".`;
  }
}
