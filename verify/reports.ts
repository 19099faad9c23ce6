// How results are told: a table for people, JSON and JUnit for machines. Pure.
import junit, { type Builder } from "junit-report-builder";
import type { Result } from "./runner.ts";

const marks: Record<Result["outcome"], string> = { passed: "ok     ", failed: "FAILED ", "not run": "not run" };
const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(2);

/** One line of the table; of a fault two more: what was received, and where to look. */
export function line({ name, outcome, milliseconds, detail, fault }: Result): string {
  const begin = `${marks[outcome]} ${seconds(milliseconds).padStart(7)} s  ${name.padEnd(18)}`;
  if (!fault) return `${begin}${detail}`;
  const indent = " ".repeat(begin.length);
  return `${begin}expected ${fault.expected}\n${indent}received ${fault.received}\n${indent}look at  ${fault.look}`;
}

export type Summary = { readonly url: string; readonly traceId: string; readonly results: readonly Result[] };

export function summaryLine({ results, traceId }: Summary): string {
  const count = (outcome: Result["outcome"]) => results.filter((each) => each.outcome === outcome).length;
  const time = seconds(results.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
  return `${count("passed")} passed, ${count("failed")} failed, ${count("not run")} not run in ${time} s; trace id ${traceId}`;
}

export function asJson(summary: Summary): string {
  return `${JSON.stringify(summary, null, 2)}\n`;
}

export function asJunit({ url, traceId, results }: Summary): string {
  // Its types tell of a default inside the default, which Node.js, reading CommonJS, does not see.
  const builder = (junit as unknown as Builder).newBuilder();
  const suite = builder.testSuite().name("verify").property("url", url).property("trace id", traceId);
  for (const { name, outcome, milliseconds, detail } of results) {
    const test = suite
      .testCase()
      .className("verify")
      .name(name)
      .time(milliseconds / 1000);
    if (outcome === "failed") test.failure(detail);
    else if (outcome === "not run") test.skipped().standardOutput(detail);
    else test.standardOutput(detail);
  }
  return builder.build();
}
