// A queue of uploads: three at once, each repeated when the API is busy.
import { ApiError } from "../api-error.ts";

const AT_ONCE = 3;
/** With the API's own pauses: a busy instance asks for seconds, a limit for up to a minute. */
const MAX_ATTEMPTS = 6;
const MAX_WAIT_S = 60;
const DEFAULT_WAIT_S = 2;

export type Upload<T> = {
  readonly id: number;
  readonly file: File;
  readonly state: "queued" | "sending" | "waiting" | "done" | "failed";
  /** Part of the file that was sent, from 0 to 1. */
  readonly progress: number;
  readonly error?: string;
  readonly result?: T;
};

type Send<T> = (file: File, onProgress: (sent: number) => void, signal: AbortSignal) => Promise<T>;

type Options<T> = {
  readonly send: Send<T>;
  readonly onChange: (uploads: readonly Upload<T>[]) => void;
  readonly onDone: (result: T) => void;
  /** @param seconds the API's Retry-After */
  readonly wait: (seconds: number, signal: AbortSignal) => Promise<void>;
};

export type UploadQueue = {
  add(files: readonly File[]): void;
  /** Sends one that failed again. */
  retry(id: number): void;
  /** Cancels one, or removes it from the list. */
  remove(id: number): void;
};

const isBusy = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.status === 503 || error.status === 429);

export function createUploadQueue<T>({ send, onChange, onDone, wait }: Options<T>): UploadQueue {
  let uploads: readonly Upload<T>[] = [];
  const running = new Map<number, AbortController>();
  let lastId = 0;

  function publish(next: readonly Upload<T>[]): void {
    uploads = next;
    onChange(uploads);
  }
  const update = (id: number, changes: Partial<Upload<T>>) =>
    publish(uploads.map((each) => (each.id === id ? { ...each, ...changes } : each)));

  async function sendWithRetries(id: number, file: File, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      update(id, { state: "sending", progress: 0 });
      try {
        return await send(file, (progress) => update(id, { progress }), signal);
      } catch (error) {
        if (!isBusy(error) || attempt === MAX_ATTEMPTS) throw error;
        update(id, { state: "waiting" });
        await wait(Math.min(MAX_WAIT_S, error.retryAfter ?? DEFAULT_WAIT_S), signal);
      }
    }
  }

  async function run({ id, file }: Upload<T>): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const result = await sendWithRetries(id, file, controller.signal);
      update(id, { state: "done", progress: 1, result });
      onDone(result);
    } catch (error) {
      update(id, { state: "failed", error: (error as Error).message });
    } finally {
      running.delete(id);
      startNext();
    }
  }

  function startNext(): void {
    while (running.size < AT_ONCE) {
      const next = uploads.find(({ id, state }) => state === "queued" && !running.has(id));
      if (!next) return;
      void run(next);
    }
  }

  return {
    add(files) {
      const added = files.map((file) => {
        lastId += 1;
        return { id: lastId, file, state: "queued", progress: 0 } as const;
      });
      publish([...uploads, ...added]);
      startNext();
    },
    retry(id) {
      const failed = uploads.find((each) => each.id === id && each.state === "failed");
      if (!failed) return;
      const { error: _, ...rest } = failed;
      publish(uploads.map((each) => (each.id === id ? { ...rest, state: "queued", progress: 0 } : each)));
      startNext();
    },
    remove(id) {
      running.get(id)?.abort();
      publish(uploads.filter((each) => each.id !== id));
    },
  };
}
