// Limits that all instances share: one row per key and window in the table `limits`, updated under its ETag.
import { createHash } from "node:crypto";
import type { RateLimiterAbstract } from "rate-limiter-flexible";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import RateLimiterStoreAbstract from "rate-limiter-flexible/lib/RateLimiterStoreAbstract.js";
import { statusOfSdkError } from "../azure/sdk-errors.ts";
import { pagesOf, type TableClient } from "../azure/tables.ts";
import type { Log } from "../log.ts";

type Row = { points: number };
/** `end` is in milliseconds since 1970. */
type Window = { readonly points: number; readonly end: number };

type Options = {
  /** Separates the keys of one limit from those of another. */
  readonly name: string;
  /** Called when it is needed, since most instances never need it. */
  readonly table: () => TableClient;
  readonly points: number;
  readonly seconds: number;
  /** Milliseconds for all table calls of one request; then `fallback` counts instead. */
  readonly timeoutMs: number;
  readonly fallback: RateLimiterAbstract;
  readonly onStoreError: (cause: unknown) => void;
};

/** Makes any name a legal key, and keeps names out of the table (docs/decisions/012). */
const hashOf = (key: string) => createHash("sha256").update(key).digest("hex");

/**
 * A class, since the library requires stores to extend its own. It supports `consume` only. Windows follow the clock
 * (every full minute), so that all instances use the same row.
 */
export class TableLimiter extends RateLimiterStoreAbstract<Window> {
  readonly #options: Options;
  /** The last call for each key. Calls of one instance run one after another, so that only instances race. */
  readonly #lastCalls = new Map<string, Promise<unknown>>();

  constructor(options: Options) {
    super({
      points: options.points,
      duration: options.seconds,
      keyPrefix: options.name,
      inMemoryBlockOnConsumed: options.points,
      insuranceLimiter: options.fallback,
    });
    this.#options = options;
  }

  protected override async _consume(key: string, points: number): Promise<RateLimiterRes> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs);
    const consume = () => super._consume(key, points, { signal });
    const call = (this.#lastCalls.get(key) ?? Promise.resolve()).then(consume, consume);
    this.#lastCalls.set(key, call);
    try {
      return await call;
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) this.#options.onStoreError(thrown);
      throw thrown;
    } finally {
      if (this.#lastCalls.get(key) === call) this.#lastCalls.delete(key);
    }
  }

  protected override async _upsert(
    key: string,
    points: number,
    durationMs: number,
    _forceExpire: boolean,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Window> {
    signal.throwIfAborted();
    const table = this.#options.table();
    const end = (Math.floor(Date.now() / durationMs) + 1) * durationMs;
    const keys = { partitionKey: hashOf(key), rowKey: new Date(end).toISOString() };
    const options = { abortSignal: signal };
    /** Undefined if another instance has written first. */
    const unlessRaced = async <T>(work: Promise<T>): Promise<T | undefined> =>
      work.catch((cause: unknown) => {
        const status = statusOfSdkError(cause);
        if (status === 409 || status === 412) return undefined;
        throw cause;
      });

    // Most windows are new, so one call is enough.
    if (await unlessRaced(table.createEntity({ ...keys, points }, options))) return { points, end };
    // Each lost race means that the count has grown, and a full window is not written: at most `points` rounds.
    for (;;) {
      const { etag, points: before } = await table.getEntity<Row>(keys.partitionKey, keys.rowKey, options);
      const window = { points: before + points, end };
      if (before >= this.points) return window;
      if (await unlessRaced(table.updateEntity({ ...keys, points: window.points }, "Replace", { ...options, etag })))
        return window;
    }
  }

  protected override _getRateLimiterRes(_: string, points: number, window: Window): RateLimiterRes {
    const remaining = Math.max(this.points - window.points, 0);
    return new RateLimiterRes(remaining, Math.max(window.end - Date.now(), 0), window.points, window.points === points);
  }
}

/** More than the clocks of instances differ: one instance may still write a window that is over for another. */
const MARGIN_MS = 5 * 60_000;
/** Milliseconds for a page or a delete. Without a limit, a stalled connection would hold the timer. */
const CALL_MS = 10_000;

/**
 * Deletes expired windows.
 * @param runMs milliseconds after which no further page is started; the next run takes the rest
 */
export async function cleanUpLimits(
  { limitsTable: table }: { readonly limitsTable: TableClient },
  { log, runMs, now = Date.now() }: { log: Log; runMs: number; now?: number },
): Promise<void> {
  const filter = `RowKey lt '${new Date(now - MARGIN_MS).toISOString()}'`;
  const pages = pagesOf(table, { filter, select: ["PartitionKey", "RowKey"] }, CALL_MS);
  const startedAt = performance.now();
  let removed = 0;
  for await (const page of pages) {
    const deleted = page.map(async ({ partitionKey = "", rowKey = "" }) => {
      try {
        await table.deleteEntity(partitionKey, rowKey, { abortSignal: AbortSignal.timeout(CALL_MS) });
        removed += 1;
      } catch (cause) {
        // Two runs at the same time delete the same rows.
        if (statusOfSdkError(cause) !== 404) throw cause;
      }
    });
    await Promise.all(deleted);
    if (performance.now() - startedAt >= runMs) break;
  }
  log.info("limits-cleaned-up", { removed });
}
