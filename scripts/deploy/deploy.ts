// What the workflows call: deploys a package to a stage, in order, with checks and the way back.
import { parseArgs } from "node:util";
import { placeholdersOf } from "../../infra/placeholders.ts";
import { deploy } from "./deploy-order.ts";
import { removeSeedRoles } from "./seed-role.ts";
import { isCurrent } from "./settings-compatibility.ts";
import { readTarget } from "./target.ts";
import { world } from "./world.ts";

const USAGE =
  "Usage: node scripts/deploy/deploy.ts --stage production|preview-N --package FILE [--start-at N] [--dry-run=true] [--allow-loss=true] [--report FILE] [-- flags of verify]\n   or: node scripts/deploy/deploy.ts --stage … --remove-seed-roles";

/** A workflow hands on its inputs as they are: a push has none, which is empty. */
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
  if (values["remove-seed-roles"]) await removeSeedRoles(world, target);
  else {
    if (!values.package) throw new Error(`--package must be a file.\n${USAGE}`);
    const dryRun = isTrue("dry-run", values["dry-run"]);
    const placeholders = placeholdersOf(target.config);
    if (dryRun) for (const line of placeholders) world.say(`::warning::infra/stages.ts: ${line}`);
    else if (placeholders.length > 0)
      throw new Error(
        `infra/stages.ts still has placeholders, so nothing was deployed. ${placeholders.join(" ")} Replace them, commit and push.`,
      );
    await deploy(world, target, {
      file: values.package,
      dryRun,
      allowLoss: isTrue("allow-loss", values["allow-loss"]),
      ...(values["start-at"] && { startAt: values["start-at"] }),
      ...(values.report && { report: values.report }),
      verifyArgs: positionals,
    });
    if (target.stage === "production" && !isCurrent())
      world.say(
        "::notice::infra/released-settings.json tells of an older release: npm run released-settings, in the next change.",
      );
  }
} catch (error) {
  // On one line, for GitHub's list of annotations; then as it is.
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`::error::deploy: ${message.split("\n")[0]}\n`);
  process.stderr.write(`deploy: ${message}\n`);
  process.exitCode = 1;
}
