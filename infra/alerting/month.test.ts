// The alerts of both profiles over a month with 10,000 visits: silent when nothing is wrong, and firing when everything is.
import { describe, expect, it } from "vitest";
import { alertLines } from "../../functions/lib/names.ts";
import { logSecurityEvent } from "../../functions/lib/security-event.ts";
import { TIMER_RUNS_PER_HOUR } from "./bill.ts";
import { slugOf } from "./descriptions.ts";
import { codeOf, leanRules } from "./kinds.ts";
import type { Tables } from "./kql.fixture.ts";
import { evaluations, type LogRule, logRulesOf } from "./log-rules.fixture.ts";
import { type LogRuleName, logRuleNames } from "./queries.ts";
import { appIsBusy, MONTH_END, MONTH_START, monthOf, storeFailed, traceOf } from "./telemetry-month.fixture.ts";

const rules = { lean: logRulesOf({}), full: logRulesOf({ profile: "full" }) };
const month = { from: MONTH_START, to: MONTH_END };
const quiet = monthOf();

const NOON = MONTH_START + 12 * 3_600_000;
const FIRST_DAY = { from: MONTH_START, to: MONTH_START + 24 * 3_600_000 };
/** A normal month with one more row. */
const withRow = (table: string, row: object): Tables => ({
  ...quiet,
  [table]: [...(quiet[table] ?? []), { ...row, TimeGenerated: NOON }].toSorted(
    (a, b) => Number(a.TimeGenerated) - Number(b.TimeGenerated),
  ),
});
const withLine = (line: keyof typeof alertLines, fields = {}) =>
  withRow("AppTraces", traceOf(alertLines[line], fields));

/** What happens to the app for each kind of problem. */
const failures: Readonly<Record<LogRuleName, () => Tables>> = {
  serverErrors: () => monthOf({ status: 500 }, 1),
  storeUnavailable: () => monthOf({ status: 503, error: storeFailed }, 1),
  busy: () => monthOf({ status: 503, error: appIsBusy }, 1),
  counterDuration: () => monthOf({ durationMs: 5_000 }, 1),
  slowResponses: () => monthOf({ durationMs: 5_000 }, 1),
  thumbnailGivenUp: () => withLine("thumbnailGivenUp", { image: "i" }),
  libraryDiffers: () => withLine("libraryDiffers", { originals_missing: 1 }),
  costBrakeTripped: () => withLine("costBrakeTripped", { page: "resume", writes: 50_000 }),
  securityEvent: () => withLine("securityEvent", { event: "owner-added" }),
  telemetryCap: () => withRow("_LogOperation", { Category: "Ingestion", Detail: "Ingestion status = OverQuota" }),
};

const worstOf = (rule: LogRule, tables: Tables, span: typeof month) => Math.max(...evaluations(rule, tables, span));

describe("a normal month", () => {
  it("has 10,000 visits, of which some are cold starts, and the runs of nine timers", () => {
    const visits = quiet.AppRequests?.filter(({ Name }) => Name === "visitor-counter") ?? [];
    expect([visits.length, quiet.AppTraces?.length]).toEqual([10_000, 10_000]);
    expect(quiet.AppRequests).toHaveLength(10_000 + 30 * 24 * TIMER_RUNS_PER_HOUR);
    const cold = visits.filter(({ DurationMs }) => Number(DurationMs) > 1_000).length;
    expect(cold).toBeGreaterThan(1_000);
    expect(cold).toBeLessThan(4_000);
  });

  it.each([...rules.lean.keys()])("does not fire the lean rule %s", (slug) => {
    expect(worstOf(rules.lean.get(slug) as LogRule, quiet, month)).toBe(0);
  });

  it.each([...rules.full.keys()])("does not fire the full rule %s", (slug) => {
    const rule = rules.full.get(slug) as LogRule;
    expect(worstOf(rule, quiet, month)).toBeLessThanOrEqual(rule.criteria[0].threshold);
  });
});

/** The sums that the lean rules measure in a day, without 0. */
const codesOn = (tables: Tables) =>
  new Set(
    [...rules.lean.values()].flatMap((rule) => [...evaluations(rule, tables, FIRST_DAY)].filter((sum) => sum > 0)),
  );

describe.each(logRuleNames)("10,000 visits a month with %s", (name) => {
  it(`fires the rules of ${name} in both profiles within a day, and reports no other kind`, () => {
    const tables = failures[name]();
    const own = rules.full.get(slugOf(name)) as LogRule;
    expect(worstOf(own, tables, FIRST_DAY)).toBeGreaterThan(own.criteria[0].threshold);
    // Slow visits make the responses slow, too.
    const slow = ["counterDuration", "slowResponses"] as const;
    const expected = (slow as readonly string[]).includes(name) ? codeOf(slow[0]) + codeOf(slow[1]) : codeOf(name);
    expect(codesOn(tables)).toEqual(new Set([expected]));
  });
});

describe("codes", () => {
  it("report two kinds in one number, when every second visit fails for another reason", () => {
    const [errors, failed] = [monthOf({ status: 500 }, 1), monthOf({ status: 503, error: storeFailed }, 1)];
    const AppRequests = (errors.AppRequests ?? []).map((row, n) =>
      n % 2 ? row : failed.AppRequests?.[n],
    ) as Tables[string];
    const incidents = rules.lean.get("incidents") as LogRule;
    expect(worstOf(incidents, { ...errors, AppRequests }, FIRST_DAY)).toBe(
      codeOf("serverErrors") + codeOf("storeUnavailable"),
    );
  });

  it("leave out a kind that a stage disables, and keep the codes of the others", () => {
    const without = logRulesOf({ rules: { serverErrors: { enabled: false } } }).get("incidents") as LogRule;
    expect(worstOf(without, failures.serverErrors(), FIRST_DAY)).toBe(0);
    expect(worstOf(without, failures.thumbnailGivenUp(), FIRST_DAY)).toBe(codeOf("thumbnailGivenUp"));
  });

  it("have the longest window and the highest severity of their kinds", () => {
    const described = [...rules.lean.values()].map(({ name, window_duration, severity }) => [
      name,
      window_duration,
      severity,
    ]);
    expect(described).toEqual([
      ["p-incidents", "PT30M", 1],
      ["p-trends", "P1D", 2],
    ]);
    const all = Object.fromEntries(leanRules.trends.map((name) => [name, { enabled: false }]));
    expect([...logRulesOf({ rules: all }).keys()]).toEqual(["incidents"]);
  });
});

it("counts the metric of a security event that the app records", () => {
  const rows: object[] = [];
  const meter = { measure: (Name: string, Sum: number) => void rows.push({ Name, Sum, ItemCount: 1 }) };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  logSecurityEvent({ log, meter }, "owner-added", { user: "u" });
  const incidents = rules.lean.get("incidents") as LogRule;
  expect(worstOf(incidents, withRow("AppMetrics", rows[0] as object), FIRST_DAY)).toBe(codeOf("securityEvent"));
});
