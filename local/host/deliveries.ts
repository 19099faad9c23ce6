// Delivers at least once: a few at a time, each again after a growing pause until it succeeds or its attempts are used up.

export type DeliveriesOptions<T> = {
  readonly atOnce: number;
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each that follows. */
  readonly pauseMs: number;
  /** False or a rejection means: again. The first attempt is 1. */
  readonly deliver: (item: T, attempt: number) => Promise<boolean>;
  /** Runs when all attempts have failed; when it rejects, it runs again later. */
  readonly giveUp: (item: T) => Promise<void>;
  readonly failed: (item: T, error: Error) => void;
};

export type Deliveries<T> = {
  add(item: T): void;
  /** Finishes what is under way or due, gives up what waits for another attempt, and tells how many those were. */
  stop(): Promise<number>;
};

const LONGEST_PAUSE_MS = 30_000;

export function createDeliveries<T>(options: DeliveriesOptions<T>): Deliveries<T> {
  const { atOnce, attempts, pauseMs, deliver, giveUp, failed } = options;
  const due: { item: T; attempt: number }[] = [];
  const waiting = new Set<NodeJS.Timeout>();
  const idle = Promise.withResolvers<void>();
  let active = 0;
  let lost = 0;
  let stopping = false;

  function again(item: T, attempt: number): void {
    if (stopping) {
      lost += 1;
      return;
    }
    const pause = setTimeout(
      () => {
        waiting.delete(pause);
        due.push({ item, attempt });
        work();
      },
      Math.min(pauseMs * 2 ** (attempt - 2), LONGEST_PAUSE_MS),
    );
    waiting.add(pause);
  }

  const said = (item: T) => (error: unknown) => {
    failed(item, error instanceof Error ? error : new Error(String(error)));
    return false;
  };

  async function run({ item, attempt }: { item: T; attempt: number }): Promise<void> {
    if (attempt <= attempts && (await deliver(item, attempt).catch(said(item)))) return;
    const isOver = attempt >= attempts && (await giveUp(item).then(() => true, said(item)));
    if (!isOver) again(item, attempt + 1);
  }

  function work(): void {
    while (active < atOnce) {
      const next = due.shift();
      if (!next) break;
      active += 1;
      void run(next).then(() => {
        active -= 1;
        work();
      });
    }
    if (stopping && active === 0) idle.resolve();
  }

  return {
    add(item) {
      if (stopping) return;
      due.push({ item, attempt: 1 });
      work();
    },
    async stop() {
      stopping = true;
      for (const pause of waiting) clearTimeout(pause);
      lost += waiting.size;
      waiting.clear();
      work();
      await idle.promise;
      return lost;
    },
  };
}
