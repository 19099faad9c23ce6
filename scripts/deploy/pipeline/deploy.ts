// Command of the workflows: deploys a package to a stage, or removes temporary data roles that a run left.
import { readCommandLine } from "../../command-line.ts";
import { deployContext } from "../deploy-context.ts";
import { deployStage } from "../deployment/deploy-stage.ts";
import { removeTemporaryDataRoles } from "../deployment/temporary-data-roles.ts";
import { firstLine, messageOf } from "../error-message.ts";
import { interruptedBySignals } from "../interrupted-by-signals.ts";
import { otherHolder } from "../lock/lock-holder.ts";
import { renewLogin } from "../login.ts";
import { readTarget } from "../target.ts";

const COMMAND = {
  name: "node scripts/deploy/pipeline/deploy.ts",
  about: "Deploys a package to a stage, or removes temporary data roles that a run left.",
  flags: {
    stage: { value: "STAGE", about: "production or preview-N" },
    package: { value: "FILE", about: "the package to deploy" },
    "start-at": { value: "N", about: "the count of an older counter" },
    "dry-run": { value: "true|false", about: "plans, and changes nothing" },
    "allow-loss": { value: "true|false", about: "permits a plan that deletes data" },
    report: { value: "FILE", about: "stores the output of verify" },
    "remove-seed-roles": { about: "removes the temporary roles only" },
  },
} as const;

/** Reads a workflow input, which is empty when the workflow was started by a push. */
function isTrue(flag: string, value = ""): boolean {
  if (["", "false", "true"].includes(value)) return value === "true";
  throw new Error(`--${flag} must be true or false, received "${value}".`);
}

const { flags } = readCommandLine(COMMAND);
try {
  const target = readTarget(flags.stage, process.env);
  if (flags["remove-seed-roles"]) {
    // The program before it may have run for an hour.
    await renewLogin(deployContext, process.env);
    // All runs of the pipeline are one identity: another one may be seeding now.
    const holder = await otherHolder(deployContext.az, target);
    if (holder !== undefined) deployContext.log(`Temporary roles are left to ${holder}, which holds the lock.`);
    else await removeTemporaryDataRoles(deployContext, target);
  } else {
    if (!flags.package) throw new Error("--package FILE is missing.");
    await deployStage(interruptedBySignals(deployContext), target, {
      file: flags.package,
      dryRun: isTrue("dry-run", flags["dry-run"]),
      allowLoss: isTrue("allow-loss", flags["allow-loss"]),
      ...(flags["start-at"] && { startAt: flags["start-at"] }),
      ...(flags.report && { report: flags.report }),
    });
  }
} catch (error) {
  // GitHub lists an annotation of one line; the whole message follows on standard error.
  process.stdout.write(`::error::deploy: ${firstLine(error)}\n`);
  process.stderr.write(`deploy: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
