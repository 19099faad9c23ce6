// What image decodes and password hashes may take of an instance together: libuv's threads and memory.
import { availableParallelism } from "node:os";
import { createGate, type Gate } from "./gate.ts";

/** Bytes. An instance has 2,048 MB for the host, the app and the uploads in flight. */
const MEMORY = 900_000_000;
/** Of libuv's four threads. Address look-ups and token checks need the others. */
const MAX_THREADS = 3;
/**
 * Each kind leaves the other at least one of the three threads, so neither starves. On one CPU a second one gains nothing
 * and takes time from the thread that handles requests.
 */
const maxOfKind = (): number => Math.min(2, availableParallelism());
/** Bytes that one hash takes (docs/decisions/030). */
const HASH_MEMORY = 19_456 * 1024;

/** Bytes that all decodes may take together. */
export const decodeMemory = (): number => MEMORY - maxOfKind() * HASH_MEMORY;

export type HeavyWork = {
  /** Weight: bytes of memory. */
  readonly decodes: Gate;
  /** Weight: 1 each. */
  readonly hashes: Gate;
};

/** A gate whose running work also holds one of the threads. The patience counts for both waits together. */
function onThreads(gate: Gate, threads: Gate): Gate {
  return {
    run(weight, patience, work, options) {
      const waitsUntil = performance.now() + patience.maxWaitMs;
      // Few pass the first gate, and they wait in turn for the other kind's next end.
      const rest = () => ({
        ...patience,
        maxWaiting: Number.POSITIVE_INFINITY,
        maxWaitMs: Math.max(0, Math.round(waitsUntil - performance.now())),
      });
      return gate.run(weight, patience, () => threads.run(1, rest(), work), options);
    },
  };
}

/** One for the process: two of them would admit twice as much. */
export function createHeavyWork(): HeavyWork {
  const each = maxOfKind();
  const threads = createGate({ name: "decodes and hashes", capacity: Math.min(MAX_THREADS, 2 * each) });
  const decodes = createGate({ name: "decodes", capacity: decodeMemory(), maxRunning: each });
  const hashes = createGate({ name: "hashes", capacity: each });
  return { decodes: onThreads(decodes, threads), hashes: onThreads(hashes, threads) };
}
