// Command of the workflows: deploys a package to a stage, or removes temporary data roles that a run left.
import { placeholdersOf, rejectPlaceholders } from "../../infra/placeholders.ts";
import { readCommandLine } from "../command-line.ts";
import { deployContext } from "./deploy-context.ts";
import { deploy } from "./deploy-order.ts";
import { isCurrent } from "./settings-compatibility.ts";
import { readTarget } from "./target.ts";
import { removeTemporaryDataRoles } from "./temporary-data-roles.ts";

const COMMAND = {
  name: "node scripts/deploy/deploy.ts",
  about: "Deploys a package to a stage, or removes temporary data roles that a run left.",
  operands: { value: "-- FLAGS", about: "flags of verify" },
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

const { flags, operands } = readCommandLine(COMMAND);
try {
  const target = readTarget(flags.stage, process.env);
  if (flags["remove-seed-roles"]) await removeTemporaryDataRoles(deployContext, target);
  else {
    if (!flags.package) throw new Error("--package FILE is missing.");
    const dryRun = isTrue("dry-run", flags["dry-run"]);
    if (!dryRun) rejectPlaceholders(target.config);
    for (const line of placeholdersOf(target.config)) deployContext.log(`::warning::npm run bootstrap: ${line}`);
    await deploy(deployContext, target, {
      file: flags.package,
      dryRun,
      allowLoss: isTrue("allow-loss", flags["allow-loss"]),
      ...(flags["start-at"] && { startAt: flags["start-at"] }),
      ...(flags.report && { report: flags.report }),
      verifyArgs: operands,
    });
    if (target.stage === "production" && !isCurrent())
      deployContext.log(
        "::notice::infra/released-settings.json describes an older release. Run npm run released-settings in the next change.",
      );
  }
} catch (error) {
  // GitHub lists an annotation of one line; the whole message follows on standard error.
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`::error::deploy: ${message.split("\n")[0]}\n`);
  process.stderr.write(`deploy: ${message}\n`);
  process.exitCode = 1;
}
