// Values that are read at most once in a while: for routes that anybody may call as often as they like.
import { startStopwatch } from "./store-clock.ts";

export type KeptValues<T> = {
  /** The kept value, or that of a new load. */
  get(key: string): Promise<T>;
  /** The next `get` loads. */
  forget(key: string): void;
};

/**
 * Callers that arrive during a load share it, and a failed one is not kept. A value stays in memory until its key is read
 * again, so keys must be few: `load` rejects any other.
 * @param maxAgeMs milliseconds since the load of a value began, by the clock that shows more of them
 */
export function keepValues<T>(
  maxAgeMs: number,
  load: (key: string) => Promise<T>,
  stopwatch: () => () => number = startStopwatch,
): KeptValues<T> {
  const kept = new Map<string, { readonly age: () => number; readonly value: Promise<T> }>();
  function get(key: string): Promise<T> {
    const known = kept.get(key);
    if (known && known.age() <= maxAgeMs) return known.value;
    const entry = { age: stopwatch(), value: load(key) };
    kept.set(key, entry);
    entry.value.catch(() => {
      if (kept.get(key) === entry) kept.delete(key);
    });
    return entry.value;
  }
  return { get, forget: (key) => void kept.delete(key) };
}
