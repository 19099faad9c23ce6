// Whether the release before could run with the settings of this one: a rollback changes the code and not the settings.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readSettings, settingNames, settingsSchema } from "../../functions/lib/settings.ts";

/** What a release reads, as it is kept in the repository. */
export type ReleasedSettings = {
  /** Without these it does not start in Azure. */
  readonly required: readonly string[];
  readonly schema: Readonly<Record<string, unknown>>;
};

export const RELEASED = join(import.meta.dirname, "..", "..", "infra", "released-settings.json");

export const readReleased = (): string => readFileSync(RELEASED, "utf8");

/** Whether the kept file tells of the code as it is here. */
export const isCurrent = () => JSON.stringify(JSON.parse(readReleased())) === JSON.stringify(describeSettings());

/** Of the code as it is here. */
export function describeSettings(): ReleasedSettings {
  const schema = settingsSchema() as Record<string, unknown> & { properties: Record<string, { examples?: string[] }> };
  const examples = Object.fromEntries(settingNames.map((name) => [name, schema.properties[name]?.examples?.[0]]));
  // Some are needed in a deployment only, which the schema does not tell; so the code itself is asked.
  const required = settingNames.filter((name) => {
    try {
      readSettings({ ...examples, [name]: undefined });
      return false;
    } catch {
      return true;
    }
  });
  return { required, schema };
}

/**
 * What that release would not start with, in words; empty when it would.
 * @param settings by name. What Terraform puts in later counts as there.
 */
export function faultsWith(
  { required, schema }: ReleasedSettings,
  settings: Readonly<Record<string, string>>,
): string[] {
  const missing = required.filter((name) => settings[name] === undefined);
  const known = Object.entries(settings).filter(([, value]) => !value.includes("${"));
  // Formats are the code's own matter: addresses come from Terraform.
  const validate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile({
    ...schema,
    required: [],
    additionalProperties: true,
  });
  validate(Object.fromEntries(known));
  return [
    ...missing.map((name) => `${name} is missing, which the release before needs: give it for one release more`),
    ...(validate.errors ?? []).map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`),
  ];
}
