// Finds the placeholders of a configuration, which `npm run bootstrap` replaces before a deployment. Pure.
import type { StageConfig } from "./config-schema.ts";

/** Reserved names, which no real page has: https://www.rfc-editor.org/rfc/rfc2606 */
const RESERVED = /(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid)$/;

/** Returns one line for each placeholder: the field, its value, and what would not work. */
export function placeholdersOf({
  origins,
  ownerEmail,
  alerts,
}: Pick<StageConfig, "origins" | "ownerEmail" | "alerts">): string[] {
  const domain = ownerEmail.split("@").at(-1) ?? "";
  return [
    ...origins
      .filter((origin) => RESERVED.test(new URL(origin).hostname))
      .map((origin) => `origins is "${origin}", a placeholder: browsers would block the API for your page.`),
    // An address in .invalid belongs to no person on purpose, as that of previews.
    ...(RESERVED.test(domain) && !domain.endsWith(".invalid")
      ? [`ownerEmail is "${ownerEmail}", a placeholder: the owner's account would not be yours.`]
      : []),
    ...(alerts.runbooks.includes("/OWNER/")
      ? [`alerts.runbooks is "${alerts.runbooks}", a placeholder: links in alerts would not work.`]
      : []),
  ];
}

/** @throws {Error} naming each placeholder and the command that replaces it */
export function rejectPlaceholders(config: Parameters<typeof placeholdersOf>[0]): void {
  const placeholders = placeholdersOf(config);
  if (placeholders.length > 0)
    throw new Error(
      `Nothing was deployed, as the configuration still has placeholders: run npm run bootstrap, commit infra/choices.json and push.\n${placeholders.map((line) => `  ${line}`).join("\n")}`,
    );
}
