// Fifty sign-ins at once, again and again, while visits are counted: the counter's p99 next to that of idle rounds of the
// same run, and the memory of the app's process.
import { setTimeout as pause } from "node:timers/promises";
import { memoryOf, peakOf, resetPeak } from "../app-process.ts";
import type { Child } from "../child.ts";
import { type HttpLoadRequest, startHttpLoad } from "../http-load.ts";
import { alternateRounds, type LoadResult } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { median, sum } from "../statistics.ts";
import type { Setup } from "./rates.ts";

const AT_ONCE = 50;
const ROUNDS = 5;
const SIGN_IN_MS = 6_000;
/** The visits end first, so that all of them meet sign-ins. */
const VISITS_MS = 5_000;
/** A second. */
const VISITS = 100;
const VISIT_CLIENTS = 20;
const SETTLE_MS = 1_000;

type Case = { readonly signIns: number };
type Figures = Case & {
  readonly visits: Omit<LoadResult, "perClient">;
  readonly statuses: Readonly<Record<number, number>>;
  /** MiB, of the app's process. */
  readonly peak: number;
};

const CASES: readonly Case[] = [{ signIns: 0 }, { signIns: AT_ONCE }];

async function measure(
  { signIns }: Case,
  { api, app, client, credentials }: Setup,
  visitor: Child<HttpLoadRequest, LoadResult>,
): Promise<Figures> {
  await pause(SETTLE_MS);
  resetPeak(app);
  const load =
    signIns === 0 ? undefined : client.call({ api, way: "sign-in", credentials, clients: signIns, ms: SIGN_IN_MS });
  const url = `${api}/v1/visits/resume`;
  const { perClient: _, ...visits } = await visitor.call({
    urls: [url],
    method: "POST",
    clients: VISIT_CLIENTS,
    rate: VISITS,
    ms: VISITS_MS,
  });
  return { signIns, visits, statuses: (await load)?.statuses ?? {}, peak: peakOf(app) };
}

function merge(rounds: readonly Figures[]): Record<number, number> {
  const all: Record<number, number> = {};
  for (const { statuses } of rounds)
    for (const [status, count] of Object.entries(statuses)) all[Number(status)] = (all[Number(status)] ?? 0) + count;
  return all;
}

export async function benchParallel(setup: Setup): Promise<{ figures: object; isCorrect: boolean }> {
  const { app } = setup;
  const visitor = startHttpLoad();
  try {
    // Warms both paths.
    await measure(CASES[1] as Case, setup, visitor);
    await pause(SETTLE_MS);
    const idle = memoryOf(app);
    const rounds = await alternateRounds(CASES, ROUNDS, (each) => measure(each, setup, visitor));
    const figures = [...rounds].map(([each, results]) => ({
      ...each,
      p50: median(results.map(({ visits }) => visits.p50)),
      p99: median(results.map(({ visits }) => visits.p99)),
      max: Math.max(...results.map(({ visits }) => visits.max)),
      failed: sum(results.map(({ visits }) => visits.failed)),
      statuses: merge(results),
      peak: Math.max(...results.map(({ peak }) => peak)),
    }));
    printLine(`\n${VISITS} visits a second, without and with ${AT_ONCE} clients that sign in again and again.`);
    printLine(`Medians of ${ROUNDS} alternating rounds; max, failed and peak over all of them.\n`);
    printTable(figures, {
      "sign-ins at once": ({ signIns }) => number(signIns),
      responses: ({ statuses }) =>
        Object.entries(statuses)
          .map(([status, count]) => `${number(count)} x ${status}`)
          .join(", "),
      "visits p50 ms": ({ p50 }) => number(p50, 1),
      "p99 ms": ({ p99 }) => number(p99, 1),
      "max ms": ({ max }) => number(max),
      failed: ({ failed }) => number(failed),
      "peak MiB": ({ peak }) => number(peak),
    });
    const [alone, together] = figures.map(({ p99 }) => p99) as [number, number];
    const [, { statuses, peak }] = figures as [unknown, (typeof figures)[number]];
    const ratio = together / alone;
    printLine(
      `\nThe counter's p99 with ${AT_ONCE} sign-ins at once is ${number(ratio, 2)} times that of the idle app.`,
    );
    printLine(`The process took ${number(idle)} MiB before the rounds, and grew by ${number(peak - idle)} MiB.\n`);
    const failed = sum(figures.map((each) => each.failed));
    const others = sum(Object.entries(statuses).map(([status, count]) => (/^(200|503)$/.test(status) ? 0 : count)));
    const isCounted = printTarget(`every visit was counted: ${number(failed)} failed`, failed === 0);
    const isAnswered = printTarget(
      `every sign-in got 200, or 503 because too many waited: ${number(others)} others`,
      others === 0,
    );
    return { figures: { idle, ratio, rounds: figures }, isCorrect: isCounted && isAnswered };
  } finally {
    await visitor.end();
  }
}
