// How checks are run and told: every one, in order, with its time; in JUnit that a parser reads, and never with the token.
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { expect, it } from "vitest";
import { check, Fault, type Run } from "./check.ts";
import { asJson, asJunit, line, summaryLine } from "./reports.ts";
import { runChecks } from "./runner.ts";

const TOKEN = "header.payload.signature";
const passing = check({ name: "passing", needs: [], run: async () => "all of <it> & more ]]>" });
const failing = check({
  name: "failing",
  needs: [],
  run: async () => {
    throw new Fault({ expected: '"a" < b', received: `Bearer ${TOKEN}\u0007`, look: "there & here" });
  },
});
const crashing = check({ name: "crashing", needs: [], run: () => Promise.reject(new TypeError("no such thing")) });
const needing = check({ name: "needing", needs: ["token", "workspace"], run: async (_, { workspace }) => workspace });

let clock = 0;
const now = () => {
  clock += 1250;
  return clock;
};
const results = await runChecks({
  checks: [failing, crashing, passing, needing],
  run: {} as Run,
  given: { token: TOKEN },
  now,
});
const summary = { url: "https://api.example.com/api", traceId: "0".repeat(32), results };

it("a check that fails, or breaks, does not keep the others from running", () => {
  expect(results.map(({ name, outcome, milliseconds }) => [name, outcome, milliseconds])).toEqual([
    ["failing", "failed", 1250],
    ["crashing", "failed", 1250],
    ["passing", "passed", 1250],
    ["needing", "not run", 1250],
  ]);
  expect(results.map(({ detail }) => detail).slice(1)).toEqual([
    "TypeError: no such thing",
    "all of <it> & more ]]>",
    "no --workspace",
  ]);
});

it("the token is in no report", () => {
  for (const report of [asJson(summary), asJunit(summary), results.map(line).join("\n")]) {
    expect(report).not.toContain(TOKEN);
    expect(report).toContain("(the token)");
  }
});

it("JUnit is well-formed and has counts, times and reasons, whatever is in the texts", () => {
  const xml = asJunit(summary);
  expect(XMLValidator.validate(xml)).toBe(true);
  // XML 1.0 has no way to write it.
  expect(xml).not.toContain("\u0007");
  const { testsuites } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" }).parse(xml);
  expect(testsuites).toMatchObject({ tests: "4", failures: "2", skipped: "1" });
  const cases = testsuites.testsuite.testcase;
  expect(cases.map(({ name, time }: Record<string, string>) => [name, time])).toEqual([
    ["failing", "1.25"],
    ["crashing", "1.25"],
    ["passing", "1.25"],
    ["needing", "1.25"],
  ]);
  expect(cases[0].failure.message).toContain('expected "a" < b');
  expect(cases[3]).toMatchObject({ skipped: "", "system-out": "no --workspace" });
});

it("the table says of a fault what was expected, what came, and where to look", () => {
  const lines = results.map(line).join("\n").split("\n");
  expect(lines.slice(0, 3).map((each) => each.trim())).toEqual([
    'FAILED     1.25 s  failing           expected "a" < b',
    expect.stringMatching(/^received Bearer \(the token\)/),
    "look at  there & here",
  ]);
  expect(summaryLine(summary)).toBe(`1 passed, 2 failed, 1 not run in 5.00 s; trace id ${"0".repeat(32)}`);
});
