// Finds the placeholders of infra/stages.ts, which must be replaced before a deployment. Pure.
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
