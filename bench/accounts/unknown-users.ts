// The time of a rejected sign-in: of a known user with a wrong password, and of an unknown one.
import { randomUUID } from "node:crypto";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { median, percentile } from "../statistics.ts";
import { signIn } from "./client.ts";
import type { Setup } from "./rates.ts";

const PAIRS = 400;
const WARM_UP = 20;
/** A difference of the medians that a remote client cannot tell from the network's. */
const MAX_RATIO = 1.05;

const KINDS = ["known", "unknown"] as const;
type Kind = (typeof KINDS)[number];

/** One pair after the other, in random order, so that a slower minute of the machine meets both kinds. */
export async function benchUnknownUsers({ api, credentials }: Setup): Promise<{ figures: object; isCorrect: boolean }> {
  const times: Record<Kind, number[]> = { known: [], unknown: [] };
  const statuses = new Set<number>();
  // One name of each kind and of one length, so that the requests differ in nothing else, also for the rate limits.
  const { username: known } = credentials;
  const usernames = { known, unknown: known.replace(/^[^@]*/, randomUUID().slice(0, known.indexOf("@"))) };
  for (let pair = -WARM_UP; pair < PAIRS; pair++)
    for (const kind of Math.random() < 0.5 ? KINDS : KINDS.toReversed()) {
      const began = performance.now();
      const { status } = await signIn(api, { username: usernames[kind], password: randomUUID() });
      const ms = performance.now() - began;
      statuses.add(status);
      if (pair >= 0) times[kind].push(ms);
    }
  const figures = KINDS.map((kind) => ({
    kind,
    p10: percentile(times[kind], 0.1),
    p50: median(times[kind]),
    p90: percentile(times[kind], 0.9),
    p99: percentile(times[kind], 0.99),
  }));
  printLine(`\nRejected sign-ins, ${PAIRS} of each kind, interleaved, one at a time.\n`);
  printTable(figures, {
    user: ({ kind }) => kind,
    "p10 ms": ({ p10 }) => number(p10, 2),
    "p50 ms": ({ p50 }) => number(p50, 2),
    "p90 ms": ({ p90 }) => number(p90, 2),
    "p99 ms": ({ p99 }) => number(p99, 2),
  });
  const ratio = median(times.unknown) / median(times.known);
  printLine();
  printTarget(
    `the medians differ by at most ${number((MAX_RATIO - 1) * 100)} %: unknown / known = ${number(ratio, 3)}`,
    Math.max(ratio, 1 / ratio) <= MAX_RATIO,
  );
  const isCorrect = printTarget(`every try got 400: ${[...statuses].join(", ")}`, [...statuses].join() === "400");
  return { figures: { ratio, kinds: figures }, isCorrect };
}
