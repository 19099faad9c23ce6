// Command of the workflows: deploys a package to a stage, or removes temporary data roles that a run left.
import { parseArgs } from "node:util";
import { placeholdersOf } from "../../infra/placeholders.ts";
import { deployContext } from "./deploy-context.ts";
import { deploy } from "./deploy-order.ts";
import { isCurrent } from "./settings-compatibility.ts";
import { readTarget } from "./target.ts";
import { removeTemporaryDataRoles } from "./temporary-data-roles.ts";

const USAGE =
  "Usage: node scripts/deploy/deploy.ts --stage production|preview-N --package FILE [--start-at N] [--dry-run=true] [--allow-loss=true] [--report FILE] [-- flags of verify]\n   or: node scripts/deploy/deploy.ts --stage … --remove-seed-roles";

/** Reads a workflow input, which is empty when the workflow was started by a push. */
function isTrue(flag: string, value = ""): boolean {
  if (["", "false", "true"].includes(value)) return value === "true";
  throw new Error(`--${flag} must be true or false, received "${value}".\n${USAGE}`);
}

try {
  const string = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stage: string,
      package: string,
      "start-at": string,
      "dry-run": string,
      "allow-loss": string,
      report: string,
      "remove-seed-roles": { type: "boolean", default: false },
    },
  });
  const target = readTarget(values.stage, process.env);
  if (values["remove-seed-roles"]) await removeTemporaryDataRoles(deployContext, target);
  else {
    if (!values.package) throw new Error(`--package FILE is missing.\n${USAGE}`);
    const dryRun = isTrue("dry-run", values["dry-run"]);
    const placeholders = placeholdersOf(target.config);
    if (dryRun) for (const line of placeholders) deployContext.log(`::warning::infra/stages.ts: ${line}`);
    else if (placeholders.length > 0)
      throw new Error(
        `infra/stages.ts still has placeholders, so nothing was deployed. ${placeholders.join(" ")} Replace them, commit and push.`,
      );
    await deploy(deployContext, target, {
      file: values.package,
      dryRun,
      allowLoss: isTrue("allow-loss", values["allow-loss"]),
      ...(values["start-at"] && { startAt: values["start-at"] }),
      ...(values.report && { report: values.report }),
      verifyArgs: positionals,
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
