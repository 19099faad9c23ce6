// The lean profile: two rules, each of which reports several kinds of problems. The number that it measures is the sum of
// the codes of the kinds that are above their thresholds, since a rule reports one number, and Azure charges for more.
import type { AlertConfig } from "./config.ts";
import { RUNBOOK, slugOf, titleOf } from "./descriptions.ts";
import { type LogRuleName, logRuleNames, queryOf } from "./queries.ts";

/** The column with the code of each kind. The notifier decodes the sum of a rule that measures this column. */
export const CODE = "code";

/** Power of two of a kind: 1 for the first, 2 for the second, 4 for the third. Each sum means one set of kinds. */
export const codeOf = (name: LogRuleName): number => 2 ** logRuleNames.indexOf(name);

/** The number that a rule measures for a set of kinds. */
export const codesOf = (names: readonly LogRuleName[]): number => names.reduce((sum, name) => sum + codeOf(name), 0);

/**
 * The kinds of each rule. A rule that has fired reports no other kind until it is resolved, so what lasts for hours is
 * apart from what lasts for minutes.
 */
export const leanRules = {
  incidents: [
    "serverErrors",
    "storeUnavailable",
    "thumbnailGivenUp",
    "libraryDiffers",
    "costBrakeTripped",
    "securityEvent",
    "telemetryCap",
  ],
  trends: ["busy", "counterDuration", "slowResponses"],
} as const satisfies Record<string, readonly LogRuleName[]>;
export type LeanRuleName = keyof typeof leanRules;

/** The kinds of a rule that are enabled. */
export const enabledKinds = (rule: LeanRuleName, { rules }: Pick<AlertConfig, "rules">): readonly LogRuleName[] =>
  leanRules[rule].filter((name) => rules[name].enabled);

/** What e-mails show, which cannot decode the number; Slack shows the kinds themselves. */
export function unionDescription(rule: LeanRuleName, kinds: readonly LogRuleName[], runbooks: string): string {
  const codes = kinds.map((name) => `${codeOf(name)} ${titleOf(name).toLowerCase()}`).join(", ");
  return `The rows of the query are the kinds of problems. The measured value is the sum of their codes: ${codes}. ${RUNBOOK}${runbooks}#alert-${rule}`;
}

/** The query of a rule: one row for each kind that is above its threshold. */
export function unionOf(kinds: readonly LogRuleName[], { rules, minRequests }: AlertConfig): string {
  // Fuzzy: a table that does not exist in a new workspace leaves out its kind, not all of them.
  const parts = kinds.map((name) => {
    const { threshold } = rules[name];
    return `(${queryOf(name, rules[name], minRequests)}
| where measured > ${threshold}
| project problem = "${slugOf(name)}", measured, threshold = toreal(${threshold}), ${CODE} = ${codeOf(name)})`;
  });
  return `union isfuzzy=true ${parts.join(", ")}`;
}
