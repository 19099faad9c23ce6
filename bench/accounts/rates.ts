// Sign-ins and refreshes a second, and the table calls of each, from one client and from several.
import { tables } from "../../functions/lib/names.ts";
import type { Backend } from "../../local/backend.fixture.ts";
import type { Child } from "../child.ts";
import { alternateRounds, type LoadResult, summarizeRounds } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { sum } from "../statistics.ts";
import type { AuthRequest, AuthResult, Credentials } from "./client.ts";

const ROUNDS = 3;
const LOAD_MS = 5_000;
const WARM_UP_MS = 1_000;

type Case = Pick<AuthRequest, "way" | "clients">;
export type RateFigures = Case &
  Omit<LoadResult, "perClient"> & {
    readonly tableCalls: number;
    /** Those of `tableCalls` that count for the rate limits. */
    readonly limitCalls: number;
  };

// Sixteen hashes may wait, so none of eight clients is rejected.
const CASES: readonly Case[] = (["sign-in", "refresh"] as const).flatMap((way) =>
  [1, 8].map((clients) => ({ way, clients })),
);

export type Setup = {
  readonly api: string;
  readonly backend: Backend;
  /** Id of the app's process. */
  readonly app: number;
  readonly client: Child<AuthRequest, AuthResult>;
  readonly credentials: Credentials;
};

async function measure({ api, backend: { proxy }, client, credentials }: Setup): Promise<RateFigures[]> {
  const load = (each: Case, ms: number) => client.call({ ...each, api, credentials, ms });
  let limitCalls = 0;
  proxy.decide(({ url }) => {
    if (url.includes(`/${tables.limits}`)) limitCalls++;
    return undefined;
  });
  for (const each of CASES) await load(each, WARM_UP_MS);
  const rounds = await alternateRounds(CASES, ROUNDS, async (each) => {
    const before = { all: proxy.calls(), limits: limitCalls };
    const result = await load(each, LOAD_MS);
    return { ...result, tableCalls: proxy.calls() - before.all, limitCalls: limitCalls - before.limits };
  });
  return [...rounds].map(([each, results]) => ({
    ...each,
    ...summarizeRounds(results),
    tableCalls: sum(results.map(({ tableCalls }) => tableCalls)),
    limitCalls: sum(results.map(({ limitCalls }) => limitCalls)),
  }));
}

export async function benchRates(setup: Setup): Promise<{ figures: readonly RateFigures[]; isCorrect: boolean }> {
  const figures = await measure(setup);
  printLine(
    `Medians of ${ROUNDS} alternating rounds after a warm-up. A proxy counts the table calls, those of the rate`,
  );
  printLine("limits included. Before its refreshes each client signs in once, which the calls of a refresh include.\n");
  printTable(figures, {
    way: ({ way }) => way,
    clients: ({ clients }) => number(clients),
    "a second": ({ perSecond }) => number(perSecond, 1),
    "p50 ms": ({ p50 }) => number(p50, 1),
    "p99 ms": ({ p99 }) => number(p99, 1),
    failed: ({ failed }) => number(failed),
    "table calls each": ({ tableCalls, succeeded }) => number(tableCalls / succeeded, 2),
    "of limits": ({ limitCalls, succeeded }) => number(limitCalls / succeeded, 2),
  });
  printLine();
  const failed = sum(figures.map((each) => each.failed));
  return {
    figures,
    isCorrect: printTarget(`every sign-in and refresh succeeded: ${number(failed)} failed`, failed === 0),
  };
}
