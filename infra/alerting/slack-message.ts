// The text of the Slack message of any alert, in the language of workflow expressions.
// https://learn.microsoft.com/azure/logic-apps/workflow-definition-language-functions-reference
import { descriptions, RUNBOOK, slugOf, titleOf } from "./descriptions.ts";
import { CODE, codeOf } from "./kinds.ts";
import { logRuleNames } from "./queries.ts";

// https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-payload-samples
const essential = (name: string) => `triggerBody()?['data']?['essentials']?['${name}']`;
const criterion = (name: string) => `triggerBody()?['data']?['alertContext']?['condition']?['allOf']?[0]?['${name}']`;
const BUDGET_NAME = "triggerBody()?['data']?['alertContext']?['AlertData']?['BudgetName']";

// Slack truncates a text above 40,000 characters. Escaping turns one character into five at most.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
const escapeText = (text: string) => `replace(replace(replace(${text}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')`;
const cut = (text: string, maxLength: number) => escapeText(`take(${text}, ${maxLength})`);
const NEW_LINE = "decodeUriComponent('%0A')";
/** One line of the message, or nothing when the condition is false. */
const lineIf = (condition: string, ...texts: readonly string[]) =>
  `@{if(${condition}, concat(${[...texts, NEW_LINE].join(", ")}), '')}`;

/** The longest description that reaches Slack with its runbook. */
export const MAX_DESCRIPTION = 2000;
/** A longer link is left out: cut, it would lead nowhere. */
const MAX_LINK = 8000;

const isResolved = `equals(${essential("monitorCondition")}, 'Resolved')`;
const title = `coalesce(${essential("alertRule")}, ${BUDGET_NAME}, 'Alert')`;
const state = `if(${isResolved}, ':white_check_mark: Resolved', ':rotating_light: Fired')`;
const severity = `coalesce(${essential("severity")}, 'No severity')`;
const time = `coalesce(${essential("resolvedDateTime")}, ${essential("firedDateTime")}, utcNow())`;
const description = `coalesce(${essential("description")}, 'No description')`;
// A budget and a failed deployment have descriptions of their own, without a runbook.
const runbook = `if(contains(${description}, '${RUNBOOK}'), '', concat('${RUNBOOK}', parameters('runbooks'), if(empty(coalesce(${BUDGET_NAME}, '')), '', '#alert-budget')))`;

/** Of a resolved alert no number is shown, and no document says what Azure writes when the query returned no row. */
const measured = `if(${isResolved}, 0, coalesce(${criterion("metricValue")}, 0))`;
/** Whether the number is the sum of the codes of several kinds. */
const hasCodes = `equals(${criterion("metricMeasureColumn")}, '${CODE}')`;
const codes = `if(${hasCodes}, ${measured}, 0)`;
/** Also right for a number with decimal places, as Azure writes it. */
const hasCode = (code: number) => `greaterOrEquals(mod(${codes}, ${2 * code}), ${code})`;
const kinds = logRuleNames.map((name) =>
  lineIf(
    `and(not(${isResolved}), ${hasCode(codeOf(name))})`,
    `'• *${titleOf(name)}*: ${descriptions[name]} <'`,
    "parameters('runbooks')",
    `'#alert-${slugOf(name)}|Runbook>'`,
  ),
);
const showsKinds = `and(not(${isResolved}), greater(${codes}, 0))`;

/** The rows of the query: the kinds with their numbers and thresholds, or the number of an alert of one kind. */
const link = `coalesce(${criterion("linkToSearchResultsUI")}, '')`;
/** Azure writes no path before the fragment. Without the character after the host, it could be part of another host. */
const isOfPortal = `or(startsWith(${link}, 'https://portal.azure.com#'), startsWith(${link}, 'https://portal.azure.com/'))`;
const isLink = `and(${isOfPortal}, lessOrEquals(length(${link}), ${MAX_LINK}))`;
const safeLink = `replace(replace(replace(${link}, '|', '%7C'), '<', '%3C'), '>', '%3E')`;

export const message = [
  `@{${state}}: @{${cut(title, 200)}}\n`,
  `@{${cut(severity, 50)}}, @{replace(${cut(time, 16)}, 'T', ' ')} UTC\n`,
  ...kinds,
  lineIf(`and(${hasCodes}, ${isResolved})`, "'No kind of problem is above its threshold any more.'"),
  lineIf(`not(or(${showsKinds}, and(${hasCodes}, ${isResolved})))`, cut(description, MAX_DESCRIPTION)),
  lineIf(
    `and(not(${isResolved}), not(${hasCodes}), greater(${measured}, 0))`,
    "'Measured '",
    cut(`string(${measured})`, 50),
    "', threshold '",
    cut(`string(coalesce(${criterion("threshold")}, 'unknown'))`, 50),
  ),
  lineIf(`and(not(${isResolved}), ${isLink})`, "'<'", safeLink, "'|See the numbers in the portal>'"),
  `@{if(${hasCodes}, '', ${runbook})}`,
].join("");
