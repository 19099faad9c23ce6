// Failed requests for which the host stored no row, as on Flex Consumption those of a cold start.
import { describe, expect, it } from "vitest";
import { slugOf } from "./descriptions.ts";
import { codeOf } from "./kinds.ts";
import { type Row, runQuery } from "./kql.fixture.ts";
import { evaluations, type LogRule, logRulesOf } from "./log-rules.fixture.ts";
import { MONTH_START, monthOf, storeFailed } from "./telemetry-month.fixture.ts";

const incidents = logRulesOf({}).get("incidents") as LogRule;
const full = logRulesOf({ profile: "full" });
const outcomes = { serverErrors: { status: 500 }, storeUnavailable: { status: 503, error: storeFailed } } as const;

describe.each(["serverErrors", "storeUnavailable"] as const)("%s", (name) => {
  const { status } = outcomes[name];
  const { query } = (full.get(slugOf(name)) as LogRule).criteria[0];
  const measured = (fields: Row, AppRequests: readonly Row[]) => {
    const Message = JSON.stringify({ message: "request", status, route: "/v1/visits/{page}", ...fields });
    return runQuery(query, { AppRequests, AppTraces: [{ Message, ItemCount: 1, OperationId: "o" }] })[0]?.measured;
  };
  const rowOf = (OperationId: string, ResultCode: string): Row => ({
    ...{ Name: "visitor-counter", ItemCount: 1 },
    ...{ OperationId, ResultCode },
  });

  it("counts a request without a row by its line, and one with a row once", () => {
    expect(measured({}, [])).toBe(1);
    expect(measured({}, [rowOf("other", "200")])).toBe(1);
    expect(measured({}, [rowOf("o", String(status))])).toBe(1);
  });

  it.each([
    ["of a health check", { route: "/health/ready" }],
    ["of another status", { status: status === 500 ? 503 : 500 }],
    ["of a rejected request", { status: 404 }],
    ["with another message", { message: "dependency-down", error: "The request failed" }],
  ])("ignores a line %s", (_, fields) => {
    expect(measured(fields, [])).toBe(0);
  });

  it("fires in the profile lean for a day in which no request has a row", () => {
    const { AppTraces = [], AppRequests = [] } = monthOf(outcomes[name], 1);
    const tables = { AppTraces, AppRequests: AppRequests.filter(({ ResultCode }) => ResultCode === "0") };
    const day = { from: MONTH_START, to: MONTH_START + 24 * 3_600_000 };
    expect(Math.max(...evaluations(incidents, tables, day))).toBe(codeOf(name));
  });
});

it("leaves out of storeUnavailable a line of an app that is busy", () => {
  const { query } = (full.get("store-unavailable") as LogRule).criteria[0];
  const Message = JSON.stringify({ message: "request", status: 503, route: "/v1/images", busy: true });
  expect(runQuery(query, { AppTraces: [{ Message, ItemCount: 1, OperationId: "o" }] })).toEqual([{ measured: 0 }]);
});
