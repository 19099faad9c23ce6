// Reads images again that are being processed, with growing pauses, and not while the window is hidden.

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Of one poll: each costs a request of the rate limit. */
const AT_ONCE = 5;

type Options<T> = {
  readonly pending: () => readonly T[];
  /** Calls the listener when the images change. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Never rejects. */
  readonly read: (image: T) => Promise<void>;
};

/** @returns a function that stops it */
export function pollPending<T>({ pending, read, subscribe }: Options<T>): () => void {
  let pause = FIRST_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let known = 0;
  let isStopped = false;

  async function poll(): Promise<void> {
    await Promise.all(pending().slice(0, AT_ONCE).map(read));
    timer = undefined;
    pause = Math.min(LONGEST_MS, pause * 1.5);
    schedule();
  }
  function schedule(): void {
    const { length } = pending();
    // New ones are ready soon.
    if (length > known) pause = FIRST_MS;
    known = length;
    if (isStopped || timer !== undefined || length === 0 || document.hidden) return;
    timer = setTimeout(() => void poll(), pause);
  }
  const end = subscribe(schedule);
  document.addEventListener("visibilitychange", schedule);
  schedule();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    end();
    document.removeEventListener("visibilitychange", schedule);
  };
}
