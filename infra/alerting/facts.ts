// What an alert says, read from each payload that Azure sends: workflow expressions, with a value where a field is missing.
import { call, either, member, orElse, parameter, payload, text, value } from "./workflow-language.ts";

const RESOLVED = "#188038";
/** By severity, from critical to verbose. */
const COLOURS = ["#8B0000", "#D93025", "#F29900", "#1A73E8", "#5F6368"] as const;
const BUDGET_COLOUR = COLOURS[2];

/** Before the runbook's address, at the end of an alert's description: the one text that every kind of alert brings. */
export const RUNBOOK = " Runbook: ";

const ALERT_PAGE = "https://portal.azure.com/#blade/Microsoft_Azure_Monitoring_Alerts/AlertDetails.ReactView/alertId/";

const COMMON = text("azureMonitorCommonAlertSchema");
const OLD_BUDGET = text("AIP Budget Notification");

const essential = (name: string) => payload("data", "essentials", name);
const lower = (expression: string) => call("toLower", orElse(expression, text("")));
const same = (one: string, other: string) => call("equals", one, other);

const isOldBudget = same(payload("schemaId"), OLD_BUDGET);

/** `alert`, `budget`, `old_budget` or `unknown`: a budget comes in one of two shapes of its own. */
export const kindOfPayload = value(
  either(
    isOldBudget,
    text("old_budget"),
    either(
      call("not", same(payload("schemaId"), COMMON)),
      text("unknown"),
      either(same(lower(essential("monitoringService")), text("costalerts")), text("budget"), text("alert")),
    ),
  ),
);

/** Whoever has the signed address could send anything; what is of another subscription is none of ours. */
export const isOfThisSubscription = value(
  either(
    isOldBudget,
    same(lower(payload("data", "SubscriptionId")), lower(parameter("subscriptionId"))),
    call(
      "startsWith",
      lower(essential("alertId")),
      call("concat", text("/subscriptions/"), lower(parameter("subscriptionId")), text("/")),
    ),
  ),
);

/** `2026-11-21 12:20 UTC`; what is not UTC is shown as it came, since a wrong time is worse than an ugly one. */
function time(stamp: string) {
  const known = orElse(stamp, text("not given"));
  const short = call("concat", call("take", call("replace", known, text("T"), text(" ")), 16), text(" UTC"));
  return either(call("endsWith", known, text("Z")), short, known);
}

const isResolved = same(lower(essential("monitorCondition")), text("resolved"));

function colour() {
  const bySeverity = COLOURS.reduceRight(
    (rest, shade, severity) => either(same(lower(essential("severity")), text(`sev${severity}`)), text(shade), rest),
    text(COLOURS[1]),
  );
  return either(isResolved, text(RESOLVED), bySeverity);
}

const condition = payload("data", "alertContext", "condition");
const first = call("first", orElse(member(condition, "allOf"), call("json", text("[]"))));
const ofCondition = (name: string, missing: string) => call("string", orElse(member(first, name), text(missing)));

const measured = call(
  "concat",
  call("string", orElse(member(first, "metricName"), member(first, "metricMeasureColumn"), text("rows"))),
  text(": "),
  ofCondition("metricValue", "no value"),
  text("; alert "),
  either(same(member(first, "operator"), text("GreaterThan")), text("above"), ofCondition("operator", "at")),
  text(" "),
  ofCondition("threshold", "no threshold"),
  text(" ("),
  ofCondition("timeAggregation", "measured"),
  text(" over "),
  call("string", orElse(member(condition, "windowSize"), text("its window"))),
  text(")"),
);

const description = orElse(essential("description"), text(""));

const alertPage = call("concat", text(ALERT_PAGE), call("uriComponent", orElse(essential("alertId"), text(""))));

/** A metric, log or availability alert, fired or resolved. */
export const alertFacts = {
  state: value(either(isResolved, text("Resolved"), text("Fired"))),
  colour: value(colour()),
  rule: value(orElse(essential("alertRule"), text("not given"))),
  severity: value(orElse(essential("severity"), text("not given"))),
  what: value(call("first", call("split", description, text(RUNBOOK)))),
  when: value(
    either(
      isResolved,
      call(
        "concat",
        time(essential("firedDateTime")),
        text(" to "),
        time(orElse(essential("resolvedDateTime"), text("not given"))),
      ),
      time(essential("firedDateTime")),
    ),
  ),
  measured: value(measured),
  alert: value(alertPage),
  logsName: "Logs",
  logs: value(orElse(member(first, "linkToFilteredSearchResultsUI"), parameter("logs"))),
  runbook: value(
    either(
      call("contains", description, text(RUNBOOK)),
      call("last", call("split", description, text(RUNBOOK))),
      parameter("runbooks"),
    ),
  ),
};
export type Facts = Readonly<Record<keyof typeof alertFacts, string>>;

const budgetFacts = {
  state: "Fired",
  colour: BUDGET_COLOUR,
  severity: "none",
  logsName: "Costs",
  logs: value(parameter("costs")),
  runbook: value(call("concat", parameter("runbooks"), text("#alert-budget"))),
};

const cost = (name: string) => call("string", orElse(payload("data", "alertContext", "AlertData", name), text("?")));

/** A budget, when the receiver asked for the common schema: its essentials are null, its amounts have their currency. */
export const commonBudgetFacts: Facts = {
  ...budgetFacts,
  rule: value(call("concat", text("Budget "), cost("BudgetName"))),
  what: value(orElse(essential("description"), text(""))),
  when: value(time(essential("firedDateTime"))),
  measured: value(
    call(
      "concat",
      cost("SpentAmount"),
      text("; alert above "),
      cost("NotificationThresholdAmount"),
      text(" ("),
      cost("ThresholdType"),
      text(")"),
    ),
  ),
  alert: value(alertPage),
};

const amount = (name: string) => call("string", orElse(payload("data", name), text("?")));

/** A budget in its own schema, which knows no time of firing. */
export const oldBudgetFacts: Facts = {
  ...budgetFacts,
  rule: value(call("concat", text("Budget "), amount("BudgetName"))),
  what: value(
    call(
      "concat",
      text("The budget of "),
      amount("ResourceGroup"),
      text(" is "),
      amount("Budget"),
      text(" "),
      amount("Unit"),
    ),
  ),
  when: value(time(call("utcNow"))),
  measured: value(
    call(
      "concat",
      amount("SpendingAmount"),
      text(" "),
      amount("Unit"),
      text("; alert above "),
      amount("NotificationThresholdAmount"),
      text(" "),
      amount("Unit"),
    ),
  ),
  alert: value(parameter("costs")),
};
