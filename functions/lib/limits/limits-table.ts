// Limits that all instances share: one row for each key and window in the table `limits`, changed under its ETag.
import { createHash } from "node:crypto";
import type { RateLimiterAbstract } from "rate-limiter-flexible";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import RateLimiterStoreAbstract from "rate-limiter-flexible/lib/RateLimiterStoreAbstract.js";
import { statusOfSdkError } from "../azure/sdk-errors.ts";
import type { TableClient } from "../azure/tables.ts";
import type { Log } from "../log.ts";

type Row = { points: number };
/** `end` is when the window ends, in milliseconds since 1970. */
type Window = { readonly points: number; readonly end: number };

type Options = {
  /** Tells keys of one limit from those of another. */
  readonly name: string;
  /** Asked for when it is needed, since most instances never need it. */
  readonly table: () => TableClient;
  readonly points: number;
  readonly seconds: number;
  /** Milliseconds for all calls of one request, until the insurance is asked instead. */
  readonly patienceMs: number;
  readonly insurance: RateLimiterAbstract;
  readonly onFailure: (cause: unknown) => void;
};

/** Any name is a legal key then, and none can be read in the table (docs/decisions/018). */
const hashOf = (key: string) => createHash("sha256").update(key).digest("hex");

/**
 * A class, since the library asks new stores to extend its own. Only `consume` is there: nothing here blocks, rewards or
 * reads. Windows are the clock's (every full minute), so that all instances mean the same row.
 */
export class TableLimiter extends RateLimiterStoreAbstract<Window> {
  readonly #options: Options;
  /** The last of those who wait for a key: in one instance they take turns, so that only instances race. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: Options) {
    super({
      points: options.points,
      duration: options.seconds,
      keyPrefix: options.name,
      inMemoryBlockOnConsumed: options.points,
      insuranceLimiter: options.insurance,
    });
    this.#options = options;
  }

  protected override async _consume(key: string, points: number): Promise<RateLimiterRes> {
    const signal = AbortSignal.timeout(this.#options.patienceMs);
    const consume = () => super._consume(key, points, { signal });
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(consume, consume);
    this.#turns.set(key, turn);
    try {
      return await turn;
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) this.#options.onFailure(thrown);
      throw thrown;
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
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
    const call = { abortSignal: signal };
    /** Undefined when another instance was first. */
    const unlessRaced = async <T>(work: Promise<T>): Promise<T | undefined> =>
      work.catch((cause: unknown) => {
        const status = statusOfSdkError(cause);
        if (status === 409 || status === 412) return undefined;
        throw cause;
      });

    // Most windows are new: then one call is all.
    if (await unlessRaced(table.createEntity({ ...keys, points }, call))) return { points, end };
    // Whoever loses a race has seen another count, and a full window is not written: there are at most `points` losses.
    for (;;) {
      const { etag, points: before } = await table.getEntity<Row>(keys.partitionKey, keys.rowKey, call);
      const window = { points: before + points, end };
      if (before >= this.points) return window;
      if (await unlessRaced(table.updateEntity({ ...keys, points: window.points }, "Replace", { ...call, etag })))
        return window;
    }
  }

  protected override _getRateLimiterRes(_: string, points: number, window: Window): RateLimiterRes {
    const remaining = Math.max(this.points - window.points, 0);
    return new RateLimiterRes(remaining, Math.max(window.end - Date.now(), 0), window.points, window.points === points);
  }
}

/** The clocks of instances differ by less: a window that is over by one may still be written by another. */
const MARGIN_MS = 5 * 60_000;

/** Deletes the windows that are over. */
export async function cleanUpLimits(
  { limitsTable: table }: { readonly limitsTable: TableClient },
  { log, now = Date.now() }: { log: Log; now?: number },
): Promise<void> {
  const filter = `RowKey lt '${new Date(now - MARGIN_MS).toISOString()}'`;
  const pages = table.listEntities({ queryOptions: { filter, select: ["PartitionKey", "RowKey"] } });
  let removed = 0;
  for await (const page of pages.byPage({ maxPageSize: 100 })) {
    const deleted = page.map(async ({ partitionKey = "", rowKey = "" }) => {
      try {
        await table.deleteEntity(partitionKey, rowKey);
        removed += 1;
      } catch (cause) {
        // Two runs at one time meet in the same rows.
        if (statusOfSdkError(cause) !== 404) throw cause;
      }
    });
    await Promise.all(deleted);
  }
  log.info("limits-cleaned-up", { removed });
}
