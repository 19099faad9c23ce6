// One measurement of the counter: warm up, load, and compare the successful visits with what was counted.
import type { LoadResult } from "../load.ts";
import { median, sum } from "../statistics.ts";
import type { PageTotal } from "./in-process.ts";
import type { Calls } from "./laboratory.ts";

export type Figures = Omit<LoadResult, "perClient"> & {
  readonly counted: number;
  /** Successful visits that were not counted. */
  readonly lost: number;
  /** Counted visits beyond all that were sent. */
  readonly surplus: number;
  readonly callsPerVisit: number;
  /** Share of Vitae's writes that failed because another instance wrote first. Meaningless for the other contenders. */
  readonly writesLost: number;
  /** Visits of the instance with the fewest, as a share of an even part. */
  readonly leastServed: number;
};

export type Measurement = {
  readonly instances: number;
  readonly load: (ms: number) => Promise<LoadResult>;
  readonly read: () => Promise<PageTotal>;
  readonly calls: () => Calls;
};

const WARM_UP_MS = 800;
const LOAD_MS = 2_500;

export async function measure({ instances, load, read, calls }: Measurement): Promise<Figures> {
  await load(WARM_UP_MS);
  const before = { ...(await read()), ...calls() };
  const { perClient, ...result } = await load(LOAD_MS);
  const after = { ...(await read()), ...calls() };
  const counted = after.count - before.count;
  const reads = after.reads - before.reads;
  const writes = after.writes - before.writes;
  const perInstance = Array.from({ length: instances }, (_, instance) =>
    sum(perClient.filter((_, client) => client % instances === instance)),
  );
  return {
    ...result,
    counted,
    lost: Math.max(0, result.succeeded - counted),
    surplus: Math.max(0, counted - result.succeeded - result.failed),
    callsPerVisit: (reads + writes) / result.succeeded,
    writesLost: 1 - (after.commits - before.commits) / writes,
    leastServed: (Math.min(...perInstance) * instances) / sum(perInstance),
  };
}

/** Medians of the rounds; visits are summed. */
export function summarize(rounds: readonly Figures[]): Figures {
  const middle = (name: keyof Figures) => median(rounds.map((round) => round[name]));
  const total = (name: keyof Figures) => sum(rounds.map((round) => round[name]));
  return {
    perSecond: middle("perSecond"),
    p50: middle("p50"),
    p99: middle("p99"),
    max: Math.max(...rounds.map((round) => round.max)),
    succeeded: total("succeeded"),
    failed: total("failed"),
    counted: total("counted"),
    lost: total("lost"),
    surplus: total("surplus"),
    callsPerVisit: middle("callsPerVisit"),
    writesLost: middle("writesLost"),
    leastServed: Math.min(...rounds.map((round) => round.leastServed)),
  };
}
