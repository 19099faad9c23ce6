// bench boundary: GET /health/live through the whole boundary, against the same handler registered alone in the same host.
import { join } from "node:path";
import { readLocalSettings } from "../../local/settings-file.ts";
import { bundle } from "../../scripts/bundle.ts";
import { startHostChild } from "../host.ts";
import { startHttpLoad } from "../http-load.ts";
import { alternateRounds, type LoadResult, summarizeRounds } from "../load.ts";
import { number, percent, printLine, printTable, printTarget } from "../print.ts";

const ENDPOINTS = ["bare", "whole", "limited"] as const;
type Endpoint = (typeof ENDPOINTS)[number];

const ROUNDS = 5;
const CLIENTS = 32;
const MS = 4_000;
const MAX_ADDED_P50_MS = 1;
const MAX_ADDED_P99_MS = 3;
const MIN_RATE_SHARE = 0.7;

type Figures = Record<Endpoint, ReturnType<typeof summarizeRounds>>;

async function measure(call: (endpoint: Endpoint) => Promise<LoadResult>): Promise<Figures> {
  const rounds = await alternateRounds(ENDPOINTS, ROUNDS, call);
  const figures = (endpoint: Endpoint) => summarizeRounds(rounds.get(endpoint) ?? []);
  return { bare: figures("bare"), whole: figures("whole"), limited: figures("limited") };
}

function print(title: string, figures: Figures): void {
  printLine(`${title}\n`);
  printTable(ENDPOINTS, {
    endpoint: (name) => name,
    "responses/s": (name) => number(figures[name].perSecond),
    "p50 ms": (name) => number(figures[name].p50, 2),
    "p99 ms": (name) => number(figures[name].p99, 2),
  });
  printLine();
}

/** @param root folder of the sources */
export async function benchBoundary(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  const app = join(root, ".local", "bench-boundary");
  await bundle({ entry: "bench/boundary/app.ts", into: app });
  const { values } = readLocalSettings(root);
  // The route has no limit and calls no store. Telemetry's instruments run, since they are part of the cost.
  const env = { ...values, METRICS_ENABLED: "true", RATE_LIMIT_VISITS: "1000000000" };
  const host = startHostChild();
  const load = startHttpLoad();
  try {
    const url = await host.call({ root: app, env });
    const callAt = (rate?: number) => async (endpoint: Endpoint) => {
      const urls = [`${url}/api/${endpoint}`];
      const result = await load.call({ urls, method: "GET", clients: CLIENTS, ms: MS, rate });
      if (result.failed > 0) throw new Error(`${urls}: ${result.failed} requests failed`);
      return result;
    };
    for (const endpoint of ENDPOINTS) await callAt()(endpoint);
    printLine(`Medians of ${ROUNDS} alternating rounds of ${MS / 1000} s, ${CLIENTS} clients in a child process.\n`);
    const flatOut = await measure(callAt());
    print("As fast as it responds:", flatOut);
    const rate = flatOut.bare.perSecond / 2;
    const atHalf = await measure(callAt(rate));
    print(`At half of the bare handler's rate, ${number(rate)} requests a second:`, atHalf);
    const p50 = atHalf.whole.p50 - atHalf.bare.p50;
    const p99 = atHalf.whole.p99 - atHalf.bare.p99;
    const share = flatOut.whole.perSecond / flatOut.bare.perSecond;
    printTarget(`at half rate at most ${MAX_ADDED_P50_MS} ms more at p50: ${number(p50, 2)}`, p50 <= MAX_ADDED_P50_MS);
    printTarget(`at half rate at most ${MAX_ADDED_P99_MS} ms more at p99: ${number(p99, 2)}`, p99 <= MAX_ADDED_P99_MS);
    printTarget(`at least 70 % of the bare handler's rate: ${percent(share)}`, share >= MIN_RATE_SHARE);
    return { figures: { flatOut, atHalf, rate, share, p50, p99 }, isCorrect: true };
  } finally {
    await load.end();
    await host.end();
  }
}
