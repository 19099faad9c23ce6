// The answers of npm run bootstrap, in infra/choices.json: what differs between two copies of this repository.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { stageConfig } from "./config-schema.ts";

const { region, origins, ownerEmail } = stageConfig.shape;

/** Further fields of config-schema.ts for a stage. readConfig validates them together with everything else. */
const overrides = z.record(z.string(), z.json());

export const choicesSchema = z.strictObject({
  /** The repository on GitHub. Alerts link to its runbooks. */
  repository: z
    .string()
    // A managed user of an enterprise has an underscore, as ada_company.
    .regex(
      /^[A-Za-z0-9][\w-]*\/(?!\.{1,2}$)[\w.-]+$/,
      "must be OWNER/NAME, as in the address of the repository on GitHub",
    ),
  region,
  origins,
  ownerEmail,
  /** Whether the page of site/ is deployed to the static website. */
  site: z.boolean().default(false),
  /** Whether a person approves each deployment to production. */
  reviewer: z.boolean().default(false),
  overrides: z.strictObject({ production: overrides.optional(), preview: overrides.optional() }).default({}),
});
export type Choices = Readonly<z.output<typeof choicesSchema>>;

/** What the repository ships with. Nothing but a dry run accepts these; see placeholders.ts. */
export const placeholderChoices: Choices = {
  repository: "OWNER/vitae",
  region: "swedencentral",
  origins: ["https://www.example.com"],
  ownerEmail: "owner@example.com",
  site: false,
  reviewer: false,
  overrides: {},
};

/** The file of the choices. The tests set another, so that they test the repository as it ships. */
export function choicesFile(): string {
  return process.env.VITAE_CHOICES ?? join(import.meta.dirname, "choices.json");
}

/**
 * @returns undefined when the file does not exist
 * @throws {Error} naming the file and every invalid field, its rule and its value
 */
export function readChoices(file = choicesFile()): Choices | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return parseChoices(text);
}

/** @throws {Error} naming every invalid field, its rule and its value */
export function parseChoices(text: string): Choices {
  let input: unknown;
  try {
    // Editors on Windows can begin a file with a byte order mark.
    input = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new Error(`infra/choices.json must be JSON: ${(cause as Error).message}. Correct it by hand.`, { cause });
  }
  const { success, data, error } = choicesSchema.safeParse(input);
  if (success) return data;
  const issues = describeIssues(error, input, {
    whole: "the file",
    unknown:
      'is not a field of infra/choices.json. Fields of a stage belong under "overrides", "production": docs/settings.md',
  });
  throw new Error(
    `infra/choices.json has ${issues.length} issue(s); correct them by hand, or delete the file and run npm run bootstrap:\n${issues.join("\n")}`,
  );
}

/**
 * One line for each invalid or unknown field, with its rule and value.
 * @param names of the input as a whole, and the rule that an unknown field breaks
 */
export function describeIssues(
  { issues }: z.ZodError,
  input: unknown,
  names: { readonly whole: string; readonly unknown: string },
): string[] {
  return issues.flatMap((issue) => {
    const rules =
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ path: [...issue.path, key], rule: names.unknown }))
        : [
            {
              path: issue.path,
              rule: issue.message.replace(/^Invalid input: expected (\w+), received.*/, "must be of type $1"),
            },
          ];
    return rules.map(
      ({ path, rule }) => `  ${path.join(".") || names.whole}: ${rule}. Received ${valueAt(input, path)}.`,
    );
  });
}

/** The value at a path, as text. A configuration contains no secrets. */
function valueAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  return found === undefined ? "nothing" : JSON.stringify(found);
}

/** The text of the file. What has its default is left out. */
export function formatChoices({ repository, region, origins, ownerEmail, site, reviewer, overrides }: Choices): string {
  const fields = {
    ...{ repository, region, origins, ownerEmail },
    ...(site && { site }),
    ...(reviewer && { reviewer }),
    ...(Object.keys(overrides).length > 0 && { overrides }),
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}
