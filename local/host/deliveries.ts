// Delivers items at least once: with limited concurrency, and with retries after growing pauses.

export type DeliveriesOptions<T> = {
  readonly concurrency: number;
  readonly attempts: number;
  /** Milliseconds before the second attempt, doubled for each later one. */
  readonly pauseMs: number;
  /** Resolves to false or rejects if the item must be retried. */
  readonly deliver: (item: T) => Promise<boolean>;
  /** Called when all attempts have failed; retried if it rejects. */
  readonly giveUp: (item: T) => Promise<void>;
  readonly onError: (item: T, error: Error) => void;
};

export type Deliveries<T> = {
  add(item: T): void;
  /** Finishes running and queued items, drops those that wait for a retry, and returns the number of dropped items. */
  stop(): Promise<number>;
};

const MAX_PAUSE_MS = 30_000;

export function createDeliveries<T>(options: DeliveriesOptions<T>): Deliveries<T> {
  const { concurrency, attempts, pauseMs, deliver, giveUp, onError } = options;
  const queue: { item: T; attempt: number }[] = [];
  const waiting = new Set<NodeJS.Timeout>();
  const idle = Promise.withResolvers<void>();
  let active = 0;
  let dropped = 0;
  let stopping = false;

  function retry(item: T, attempt: number): void {
    if (stopping) {
      dropped += 1;
      return;
    }
    const pause = setTimeout(
      () => {
        waiting.delete(pause);
        queue.push({ item, attempt });
        work();
      },
      Math.min(pauseMs * 2 ** (attempt - 2), MAX_PAUSE_MS),
    );
    waiting.add(pause);
  }

  const report = (item: T) => (error: unknown) => {
    onError(item, error instanceof Error ? error : new Error(String(error)));
    return false;
  };

  async function run({ item, attempt }: { item: T; attempt: number }): Promise<void> {
    if (attempt <= attempts && (await deliver(item).catch(report(item)))) return;
    const isOver = attempt >= attempts && (await giveUp(item).then(() => true, report(item)));
    if (!isOver) retry(item, attempt + 1);
  }

  function work(): void {
    while (active < concurrency) {
      const next = queue.shift();
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
      queue.push({ item, attempt: 1 });
      work();
    },
    async stop() {
      stopping = true;
      for (const pause of waiting) clearTimeout(pause);
      dropped += waiting.size;
      waiting.clear();
      work();
      await idle.promise;
      return dropped;
    },
  };
}
