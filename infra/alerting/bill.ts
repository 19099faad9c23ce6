// What a month with 10,000 visits costs, in US dollars: the table of docs/cost.md, and the default of the budget.
import type { AlertConfig } from "./config.ts";
import { enabledKinds, type LeanRuleName, leanRules } from "./kinds.ts";
import { logRuleNames } from "./queries.ts";

const VISITS = 10_000;
const HOURS = 730;
/** image-reconcile every five minutes, uploads-clean-up every fifteen, seven timers every hour. */
export const TIMER_RUNS_PER_HOUR = 12 + 4 + 7;

/** Sources are in docs/cost.md. */
const prices = {
  gbSecond: 0.000_026,
  freeGbSeconds: 100_000,
  millionRequestUnits: 0.25,
  tableGb: 0.25,
  /** Evaluated every 15 minutes or less often. */
  logRule: 0.5,
  logRuleEvery5Minutes: 1.5,
  webTest: 0.0006,
  frontDoor: 35,
  alwaysReady: 21,
} as const;

/** Optional resources of a stage that cost by the month. */
export type Extras = {
  readonly frontDoor: boolean;
  /** Number of always-ready instances. */
  readonly alwaysReady: number;
};

const readyChecksOf = ({ enabled, locations }: AlertConfig["availability"]) =>
  enabled ? locations.length * 4 * HOURS : 0;

/** The rules of the profile `lean` are evaluated every 15 minutes, whatever the frequency of their kinds is. */
function logRulesOf(config: AlertConfig): number {
  if (config.profile === "lean") {
    const rules = Object.keys(leanRules) as LeanRuleName[];
    return rules.filter((rule) => enabledKinds(rule, config).length > 0).length * prices.logRule;
  }
  const enabled = logRuleNames.map((name) => config.rules[name]).filter((rule) => rule.enabled);
  const priceOf = (frequency: string) => (frequency === "PT5M" ? prices.logRuleEvery5Minutes : prices.logRule);
  return enabled.reduce((sum, { frequency }) => sum + priceOf(frequency), 0);
}

/** Dollars a month of each item, rounded to cents. */
export function billOf(config: AlertConfig, { frontDoor, alwaysReady }: Extras) {
  const readyChecks = readyChecksOf(config.availability);
  const timerRuns = TIMER_RUNS_PER_HOUR * HOURS;
  const gbSeconds = (VISITS + timerRuns + readyChecks) * 2;
  const requestUnits = VISITS * 12 + (timerRuns + readyChecks) * 10;
  const items = {
    executions: Math.max(0, gbSeconds - prices.freeGbSeconds) * prices.gbSecond,
    "Cosmos DB, requests": (requestUnits / 1_000_000) * prices.millionRequestUnits,
    "Cosmos DB, storage": 5 * prices.tableGb,
    "images and packages": 0.05,
    "state of the timers": 0.08,
    "public images": 0.01,
    "log rules": logRulesOf(config),
    // The free ten time series of the subscription.
    "metric alerts": 0,
    "ready check": readyChecks * prices.webTest,
    logs: 0,
    "vault, events, workflow, e-mail": 0.05,
    "Front Door": frontDoor ? prices.frontDoor : 0,
    "always-ready instances": alwaysReady * prices.alwaysReady,
  };
  return Object.fromEntries(Object.entries(items).map(([item, cost]) => [item, Math.round(cost * 100) / 100]));
}

export const totalOf = (bill: ReturnType<typeof billOf>): number =>
  Math.round(Object.values(bill).reduce((sum, cost) => sum + cost, 0) * 100) / 100;

/** One and a half times a normal month and at least 5, so that neither a normal month nor a few dollars notify. */
export const budgetOf = (bill: ReturnType<typeof billOf>): number => Math.max(5, Math.ceil(totalOf(bill) * 1.5));
