// What a load of visits came to, whoever made it.
import { percentile, sum } from "../statistics.ts";

export type Load = {
  readonly visitsPerSecond: number;
  /** Milliseconds from asking to the answer. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answered with success. */
  readonly answered: number;
  /** Answered with an error or not at all: these may or may not have been counted. */
  readonly unanswered: number;
  /** Visits of the instance that was given the fewest, as a share of an even part. */
  readonly leastServed: number;
};

type Observed = {
  readonly latencies: readonly number[];
  readonly sent: number;
  /** Answers of each instance within `ms`; what comes after it is not part of the rate. */
  readonly inTime: readonly number[];
  readonly ms: number;
};

export function describeLoad({ latencies, sent, inTime, ms }: Observed): Load {
  const answeredInTime = sum(inTime);
  return {
    visitsPerSecond: (answeredInTime / ms) * 1000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    max: percentile(latencies, 1),
    answered: latencies.length,
    unanswered: sent - latencies.length,
    leastServed: (Math.min(...inTime) * inTime.length) / answeredInTime,
  };
}
