// npm run synth: writes a stage as plain Terraform JSON, and prints the next commands. The only reader of the environment.
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { readCommandLine } from "../scripts/command-line.ts";
import { parseStage, readConfig } from "./config.ts";
import type { Target } from "./provider.ts";
import { createStacks } from "./stacks.ts";

const guid = z.guid("must be a GUID");
/** The flag or, in pipelines, the environment variable of each value. */
const sources = {
  subscriptionId: { flag: "subscription", variable: "ARM_SUBSCRIPTION_ID", rule: guid },
  tenantId: { flag: "tenant", variable: "ARM_TENANT_ID", rule: guid },
  deployerObjectId: { flag: "deployer", variable: "DEPLOYER_OBJECT_ID", rule: guid },
  stateAccount: {
    flag: "state-account",
    variable: "STATE_ACCOUNT",
    rule: z.string().regex(/^[a-z0-9]{3,24}$/, "must be a storage account: 3 to 24 lower-case letters and digits"),
  },
} as const satisfies Record<keyof Target, { flag: string; variable: string; rule: z.ZodString | z.ZodGUID }>;

const COMMAND = {
  name: "npm run synth",
  about: "Writes a stage as Terraform JSON, and prints the next commands.",
  flags: {
    stage: { value: "STAGE", about: "production or preview-N" },
    subscription: { value: "ID", about: "or ARM_SUBSCRIPTION_ID" },
    tenant: { value: "ID", about: "or ARM_TENANT_ID" },
    deployer: { value: "OBJECT-ID", about: "or DEPLOYER_OBJECT_ID" },
    "state-account": { value: "NAME", about: "or STATE_ACCOUNT" },
    out: { value: "FOLDER", about: "default infra/out/STAGE" },
  },
} as const;

/** @throws {Error} naming every missing or invalid value with its flag and its variable */
function readTarget(flags: Readonly<Record<string, string | undefined>>): Target {
  const issues: string[] = [];
  const values = Object.entries(sources).map(([name, { flag, variable, rule }]) => {
    const value = flags[flag] ?? process.env[variable];
    const { error } = rule.safeParse(value);
    if (error)
      issues.push(
        value === undefined
          ? `  --${flag} (or ${variable}) is missing. npm run bootstrap prints it.`
          : `  --${flag} (or ${variable}) ${error.issues[0]?.message}; received "${value}".`,
      );
    return [name, value];
  });
  if (issues.length > 0) throw new Error(`Deployment target is incomplete:\n${issues.join("\n")}`);
  return Object.fromEntries(values) as Target;
}

const { flags } = readCommandLine(COMMAND);
try {
  const stage = parseStage(flags.stage);
  const outdir = flags.out ?? join(import.meta.dirname, "out", stage);
  const props = { config: readConfig(stage), target: readTarget(flags) };
  // After everything that can be invalid, so that a failure leaves no empty folder.
  mkdirSync(outdir, { recursive: true });
  const { app } = createStacks(props, outdir);
  app.synth();
  const folder = (stack: string) => relative(process.cwd(), join(outdir, "stacks", stack)) || ".";
  process.stdout.write(
    [
      `Wrote ${folder("platform")}/cdk.tf.json and ${folder("events")}/cdk.tf.json.`,
      "Next, after `az login`, or with ARM_USE_OIDC=true in a pipeline:",
      `  terraform -chdir=${folder("platform")} init && terraform -chdir=${folder("platform")} plan`,
      "When the code runs, continue with:",
      `  terraform -chdir=${folder("events")} init && terraform -chdir=${folder("events")} plan`,
      "",
    ].join("\n"),
  );
} catch (error) {
  process.stderr.write(`synth: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
