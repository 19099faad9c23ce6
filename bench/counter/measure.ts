// One measurement: warm up, load, and compare what was answered with what was counted.
import { median, sum } from "../statistics.ts";
import type { Counted } from "./in-process.ts";
import type { Calls } from "./laboratory.ts";
import type { Load } from "./load.ts";

/** Milliseconds, and per second. */
export type Figures = {
  readonly visitsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly answered: number;
  /** Answered with an error, or not at all: these may or may not have been counted. */
  readonly refused: number;
  readonly counted: number;
  /** Answered, but not counted. */
  readonly lost: number;
  /** Counted, though it was no visit: a visit counted twice. */
  readonly surplus: number;
  readonly callsPerVisit: number;
  /** Share of Vitae's writes that another instance's write made fail. Of no meaning for the other contenders. */
  readonly writesLost: number;
  /** Visits of the process that was given the fewest, as a share of an even part. */
  readonly leastServed: number;
};

export type Measured = {
  readonly load: (ms: number) => Promise<Load>;
  readonly read: () => Promise<Counted>;
  readonly calls: () => Calls;
};

const WARM_UP_MS = 800;
const LOAD_MS = 2_500;

export async function measure({ load, read, calls }: Measured): Promise<Figures> {
  await load(WARM_UP_MS);
  const before = { ...(await read()), ...calls() };
  const { visitsPerSecond, p50, p99, max, answered, unanswered, leastServed } = await load(LOAD_MS);
  const after = { ...(await read()), ...calls() };
  const counted = after.count - before.count;
  const reads = after.reads - before.reads;
  const writes = after.writes - before.writes;
  return {
    visitsPerSecond,
    p50,
    p99,
    max,
    answered,
    refused: unanswered,
    counted,
    lost: Math.max(0, answered - counted),
    surplus: Math.max(0, counted - answered - unanswered),
    callsPerVisit: (reads + writes) / answered,
    leastServed,
    writesLost: 1 - (after.commits - before.commits) / writes,
  };
}

/** Medians of the rounds; visits are summed. */
export function summarize(rounds: readonly Figures[]): Figures {
  const middle = (name: keyof Figures) => median(rounds.map((round) => round[name]));
  const total = (name: keyof Figures) => sum(rounds.map((round) => round[name]));
  return {
    visitsPerSecond: middle("visitsPerSecond"),
    p50: middle("p50"),
    p99: middle("p99"),
    max: Math.max(...rounds.map((round) => round.max)),
    answered: total("answered"),
    refused: total("refused"),
    counted: total("counted"),
    lost: total("lost"),
    surplus: total("surplus"),
    callsPerVisit: middle("callsPerVisit"),
    writesLost: middle("writesLost"),
    leastServed: Math.min(...rounds.map((round) => round.leastServed)),
  };
}
