// What the workflows call: deploys a package to a stage, in order, with checks and the way back.
import { parseArgs } from "node:util";
import { deploy } from "./deploy-order.ts";
import { removeSeedRoles } from "./seed-role.ts";
import { readTarget } from "./target.ts";
import { world } from "./world.ts";

const USAGE =
  "Usage: node scripts/deploy/deploy.ts --stage production|preview-N --package FILE [--start-at N] [--dry-run] [--allow-loss] [-- flags of verify]\n   or: node scripts/deploy/deploy.ts --stage … --remove-seed-roles";

try {
  const string = { type: "string" } as const;
  const boolean = { type: "boolean", default: false } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stage: string,
      package: string,
      "start-at": string,
      "dry-run": boolean,
      "allow-loss": boolean,
      "remove-seed-roles": boolean,
    },
  });
  const target = readTarget(values.stage, process.env);
  if (values["remove-seed-roles"]) await removeSeedRoles(world, target);
  else {
    if (!values.package) throw new Error(`--package must be a file.\n${USAGE}`);
    await deploy(world, target, {
      file: values.package,
      dryRun: values["dry-run"],
      allowLoss: values["allow-loss"],
      ...(values["start-at"] !== undefined && { startAt: values["start-at"] }),
      verifyArgs: positionals,
    });
  }
} catch (error) {
  // On one line, for GitHub's list of annotations; then as it is.
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`::error::deploy: ${message.split("\n")[0]}\n`);
  process.stderr.write(`deploy: ${message}\n`);
  process.exitCode = 1;
}
