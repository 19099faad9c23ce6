// What infra/stages.ts has for everybody and nobody can deploy with: a page and runbooks that are not yours. Pure.
import type { StageConfig } from "./config.ts";

/** https://www.rfc-editor.org/rfc/rfc2606: names that nobody owns, so no page is there. */
const RESERVED = /(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid)$/;

/** One line for each value that is still the placeholder: the field, what it is, and what it would break. */
export function placeholdersOf({ origins, alerts }: Pick<StageConfig, "origins" | "alerts">): string[] {
  return [
    ...origins
      .filter((origin) => RESERVED.test(new URL(origin).hostname))
      .map((origin) => `origins is "${origin}", which is nobody's page: browsers would refuse yours every answer.`),
    ...(alerts.runbooks.includes("/OWNER/")
      ? [`alerts.runbooks is "${alerts.runbooks}": no alert's link would lead to a runbook.`]
      : []),
  ];
}
