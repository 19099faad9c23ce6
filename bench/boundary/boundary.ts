// bench boundary: GET /health/live through the whole boundary, against the same handler registered bare in the same host.
import { join } from "node:path";
import { readLocalSettings } from "../../local/settings-file.ts";
import { bundle } from "../../scripts/bundle.ts";
import type { HostQuestion } from "../counter/host.ts";
import { type Part, startPart } from "../part.ts";
import { number, percent, printTable, printTarget, say } from "../print.ts";
import { median } from "../statistics.ts";
import type { Called, CallQuestion } from "./http-load.ts";

const WAYS = ["bare", "whole", "limited"] as const;
type Way = (typeof WAYS)[number];

const ROUNDS = 5;
const CLIENTS = 32;
const MS = 4_000;
const MOST_P50_MS = 1;
const MOST_P99_MS = 3;
const LEAST_SHARE = 0.7;

type Rounds = Record<Way, Called[]>;

/** Every other round backwards, so that none always runs on the warmer machine. */
async function rounds(call: (way: Way) => Promise<Called>): Promise<Rounds> {
  const all: Rounds = { bare: [], whole: [], limited: [] };
  for (let round = 0; round < ROUNDS; round++)
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) all[way].push(await call(way));
  return all;
}

const middle = (called: readonly Called[], name: keyof Called) => median(called.map((each) => each[name]));

function print(title: string, found: Rounds): void {
  say(`${title}\n`);
  printTable(
    ["handler", "answers/s", "p50 ms", "p99 ms"],
    WAYS.map((way) => [
      way,
      number(middle(found[way], "perSecond")),
      number(middle(found[way], "p50"), 2),
      number(middle(found[way], "p99"), 2),
    ]),
  );
  say();
}

/** @param root of the sources */
export async function benchBoundary(root: string): Promise<{ figures: object; sound: boolean }> {
  const app = join(root, ".local", "bench-boundary");
  await bundle({ entry: "bench/boundary/app.ts", into: app });
  const { values } = readLocalSettings(root);
  // The route has no limit and asks no store; that telemetry's instruments are at work is part of what is measured.
  const env = { ...values, METRICS_ENABLED: "true", RATE_LIMIT_VISITS: "1000000000" };
  const host: Part<HostQuestion, string> = startPart(new URL("../counter/host.ts", import.meta.url), { env: {} });
  const load: Part<CallQuestion, Called> = startPart(new URL("http-load.ts", import.meta.url), { env: {} });
  try {
    const url = await host.ask({ root: app, env });
    const call = (way: Way, rate?: number) =>
      load.ask({
        url: `${url}/api/${way}`,
        clients: CLIENTS,
        ms: MS,
        ...(rate !== undefined && { rate }),
      });
    for (const way of WAYS) await call(way);
    say(`Medians of ${ROUNDS} alternating rounds of ${MS / 1000} s, ${CLIENTS} clients in a process of their own.\n`);
    const flatOut = await rounds((way) => call(way));
    print("As fast as it answers:", flatOut);
    const rate = middle(flatOut.bare, "perSecond") / 2;
    const atHalf = await rounds((way) => call(way, rate));
    print(`At half of the bare handler's rate, ${number(rate)} a second:`, atHalf);
    const added = (name: "p50" | "p99") => middle(atHalf.whole, name) - middle(atHalf.bare, name);
    const share = middle(flatOut.whole, "perSecond") / middle(flatOut.bare, "perSecond");
    printTarget(
      `at half rate at most ${MOST_P50_MS} ms more at p50: ${number(added("p50"), 2)}`,
      added("p50") <= MOST_P50_MS,
    );
    printTarget(
      `at half rate at most ${MOST_P99_MS} ms more at p99: ${number(added("p99"), 2)}`,
      added("p99") <= MOST_P99_MS,
    );
    printTarget(`at least 70 % of the bare handler's rate: ${percent(share)}`, share >= LEAST_SHARE);
    return { figures: { flatOut, atHalf, rate, share, p50: added("p50"), p99: added("p99") }, sound: true };
  } finally {
    await load.end();
    await host.end();
  }
}
