// What a load of links came to, whoever asked for them.

export type Load = {
  readonly links: number;
  readonly failed: number;
  readonly perSecond: number;
  /** Milliseconds from asking to the link. */
  readonly p50: number;
  readonly p99: number;
  /** HTTP requests of the process that signs, to anywhere; null where it cannot be watched from inside. */
  readonly requests: number | null;
};
