import { expect, it } from "vitest";
import { type CheckContext, check } from "./check.ts";
import { CheckFailure } from "./check-failure.ts";
import { formatResult, formatSummary, runChecks } from "./runner.ts";

const TOKEN = "header.payload.signature";
const PASSWORD = "correct horse";
const passing = check({ name: "passing", needs: [], run: async () => "all" });
const failing = check({
  name: "failing",
  needs: [],
  run: async () => {
    throw new CheckFailure({ expected: '"a" < b', received: `Bearer ${TOKEN} of ${PASSWORD}`, look: "the log" });
  },
});
const crashing = check({ name: "crashing", needs: [], run: () => Promise.reject(new TypeError("no such thing")) });
const needing = check({ name: "needing", needs: ["token", "workspace"], run: async (_, { workspace }) => workspace });

const limited = check({
  name: "limited",
  needs: [],
  run: async () => {
    waited += 53_000;
    clock += 53_000;
    return "after all";
  },
});

let waited = 0;
let clock = 0;
const context = { client: { waited: () => waited } } as CheckContext;
const results = await runChecks({
  checks: [failing, crashing, passing, needing],
  context,
  input: { token: TOKEN, account: { email: "ada@ada.dev", password: PASSWORD } },
  now: () => (clock += 1250),
});

it("runs all checks in order, also after a failure and an exception", () => {
  expect(results.map(({ name, outcome, milliseconds }) => [name, outcome, milliseconds])).toEqual([
    ["failing", "failed", 1250],
    ["crashing", "failed", 1250],
    ["passing", "passed", 1250],
    ["needing", "not run", 1250],
  ]);
  expect(results.map(({ detail }) => detail).slice(1)).toEqual(["TypeError: no such thing", "all", "no --workspace"]);
});

it("names the options of an account that is missing", async () => {
  const signIn = check({ name: "sign-in", needs: ["account"], run: async () => "" });
  const [result] = await runChecks({ checks: [signIn], context, input: {}, now: () => 0 });
  expect(result).toMatchObject({ outcome: "not run", detail: "no --email with VERIFY_PASSWORD" });
});

it("replaces the token and the password in every result", () => {
  for (const report of [JSON.stringify(results), results.map(formatResult).join("\n")]) {
    expect(report).not.toContain(TOKEN);
    expect(report).not.toContain(PASSWORD);
    expect(report).toContain("(the token) of (the password)");
  }
});

it("formats a failure as expected, received and look at", () => {
  const lines = results.map(formatResult).join("\n").split("\n");
  expect(lines.slice(0, 3).map((each) => each.trim())).toEqual([
    'FAILED     1.25 s  failing           expected "a" < b',
    "received Bearer (the token) of (the password)",
    "look at  the log",
  ]);
  const traceId = "0".repeat(32);
  expect(formatSummary(results, traceId)).toBe(`1 passed, 2 failed, 1 not run in 5.00 s; trace id ${traceId}`);
});

it("counts and shows the wait for a rate limit apart from the time of the check", async () => {
  const [result] = await runChecks({ checks: [limited], context, input: {}, now: () => (clock += 1250) });
  expect(result).toMatchObject({ milliseconds: 1250, waited: 53_000 });
  expect(result && formatResult(result)).toBe(
    "ok         1.25 s  limited           after all (after 53 s of waiting for a rate limit)",
  );
});
