// One measurement of the counter: warm up, load, and compare the successful visits with what was counted.
import { type LoadResult, summarizeRounds } from "../load.ts";
import { median, sum } from "../statistics.ts";
import type { PageTotal } from "./in-process.ts";
import type { Calls } from "./laboratory.ts";

/** What one round counted and called. */
export type Round = LoadResult & {
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
export type Figures = Omit<Round, "perClient">;

export type Measurement = {
  readonly instances: number;
  readonly load: (ms: number) => Promise<LoadResult>;
  readonly read: () => Promise<PageTotal>;
  readonly calls: () => Calls;
};

const WARM_UP_MS = 800;
const LOAD_MS = 2_500;

export async function measure({ instances, load, read, calls }: Measurement): Promise<Round> {
  await load(WARM_UP_MS);
  const before = { ...(await read()), ...calls() };
  const result = await load(LOAD_MS);
  const after = { ...(await read()), ...calls() };
  const counted = after.count - before.count;
  const reads = after.reads - before.reads;
  const writes = after.writes - before.writes;
  const perInstance = Array.from({ length: instances }, (_, instance) =>
    sum(result.perClient.filter((_, client) => client % instances === instance)),
  );
  return {
    ...result,
    lost: Math.max(0, result.succeeded - counted),
    surplus: Math.max(0, counted - result.succeeded - result.failed),
    callsPerVisit: (reads + writes) / result.succeeded,
    writesLost: 1 - (after.commits - before.commits) / writes,
    leastServed: (Math.min(...perInstance) * instances) / sum(perInstance),
  };
}

export const summarize = (rounds: readonly Round[]): Figures => ({
  ...summarizeRounds(rounds),
  lost: sum(rounds.map(({ lost }) => lost)),
  surplus: sum(rounds.map(({ surplus }) => surplus)),
  callsPerVisit: median(rounds.map(({ callsPerVisit }) => callsPerVisit)),
  writesLost: median(rounds.map(({ writesLost }) => writesLost)),
  leastServed: Math.min(...rounds.map(({ leastServed }) => leastServed)),
});
