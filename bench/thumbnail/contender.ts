// What every way of making thumbnails offers the bench.

export type Job = {
  /** The picture. */
  readonly file: string;
  /** Where the thumbnail goes, without an extension. */
  readonly out: string;
};

export type Made = {
  /** The thumbnail. */
  readonly file: string;
  readonly ms: number;
  /** Most memory of the process since it started, in MiB; absent where the machine does not tell. */
  readonly peak?: number | null;
};

/** A running process, or a command that is one process for each thumbnail. */
export type Contender = { make(job: Job): Promise<Made>; end(): Promise<void> };

export type Way = {
  readonly name: string;
  /** What runs, with its version; undefined where it is not installed. */
  readonly runs: string | undefined;
  readonly start: () => Contender;
  /** The same in a process that reports its memory and makes this one thumbnail. */
  readonly startForMemory: () => Contender;
};
