// Checks that the previous release starts with the settings of this one: a rollback replaces the code, not the settings.
// npm run released-settings, after a release, describes the settings of the code here as released.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readSettings } from "../../../functions/lib/settings.ts";
import { settingNames, settingsSchema } from "../../../functions/lib/settings-schema.ts";
import { readCommandLine } from "../../command-line.ts";

/** The settings that a release reads, as committed in the repository. */
export type ReleasedSettings = {
  /** Settings without which it does not start in Azure. */
  readonly required: readonly string[];
  readonly schema: Readonly<Record<string, unknown>>;
};

const RELEASED = join(import.meta.dirname, "..", "..", "..", "infra", "released-settings.json");

export const readReleased = (): string => readFileSync(RELEASED, "utf8");

/** Returns whether the committed file describes the current code. */
export const isCurrent = () => JSON.stringify(JSON.parse(readReleased())) === JSON.stringify(describeSettings());

/** Describes the settings of the current code. */
export function describeSettings(): ReleasedSettings {
  const schema = settingsSchema() as Record<string, unknown> & { properties: Record<string, { examples?: string[] }> };
  const examples = Object.fromEntries(settingNames.map((name) => [name, schema.properties[name]?.examples?.[0]]));
  // Some are required in a deployment only, which the schema does not show, so the code is run without each.
  const startsWithout = (...names: readonly string[]) => {
    try {
      readSettings({ ...examples, ...Object.fromEntries(names.map((name) => [name, undefined])) });
      return true;
    } catch {
      return false;
    }
  };
  const missed = settingNames.filter((name) => !startsWithout(name));
  // Two settings that must be set together may also be missing together.
  const required = missed.filter((name) => !missed.some((other) => startsWithout(name, other)));
  return { required, schema };
}

/**
 * Returns the reasons why that release would not start; empty when it would.
 * @param settings by name. Values that Terraform fills in later count as present and valid.
 */
export function incompatibilitiesOf(
  { required, schema }: ReleasedSettings,
  settings: Readonly<Record<string, string>>,
): string[] {
  const missing = required.filter((name) => settings[name] === undefined);
  const known = Object.entries(settings).filter(([, value]) => !value.includes("${"));
  // Addresses come from Terraform, so their formats are not checked.
  const validate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile({
    ...schema,
    required: [],
    additionalProperties: true,
  });
  validate(Object.fromEntries(known));
  return [
    ...missing.map((name) => `${name} is missing, but the previous release requires it: keep it for one more release`),
    ...(validate.errors ?? []).map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`),
  ];
}

if (import.meta.main) {
  readCommandLine({
    name: "npm run released-settings",
    about: "Describes the settings of this code in infra/released-settings.json. Run it after a release.",
  });
  writeFileSync(RELEASED, `${JSON.stringify(describeSettings(), null, 2)}\n`);
  // Here and not in package.json, where npm would append the flags to this command. npm has it on the path.
  execFileSync("biome", ["format", "--write", RELEASED]);
  process.stdout.write(`Wrote ${RELEASED}.\n`);
}
