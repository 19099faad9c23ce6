// Which months have images: one row per owner, written before the first record of a month. A list reads no other month.
import { setTimeout as sleep } from "node:timers/promises";
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { monthOf, partitionOf } from "./image-rows.ts";

/** Table calls that a request may still make. */
export type Calls = { left: number };

export type ImageMonths = {
  /** Adds a month. Call it before a record of the month is created. */
  add(owner: string, month: string): Promise<void>;
  /**
   * The months with images, newest first, and the current one. An older release does not write the row, so the months since
   * the last check, on the first call all of them, are searched for images.
   * @returns undefined when the search takes more calls: the next request goes on with it
   */
  list(owner: string, calls: Calls): Promise<readonly string[] | undefined>;
};

/** `checkedTo`: each earlier month that has images is in `months`. */
type Months = { readonly months: readonly string[]; readonly checkedTo: string };
type Row = { months: string; checkedTo: string };

const ROW_KEY = "months";
const CALL_MS = 10_000;
const ATTEMPTS = 10;
/** Owners and months that this instance has seen in their row: months are never removed from it. */
const MAX_KNOWN = 10_000;
const NEVER = "0000-00";

function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return monthOf(Date.UTC(year, number));
}

const withMonth = ({ months, checkedTo }: Months, month: string): Months => ({
  months: [...new Set([...months, month])].sort(),
  checkedTo,
});

export function createImageMonths(table: TableClient, now: () => number = Date.now): ImageMonths {
  const known = new Set<string>();
  const unavailable = (cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });

  async function read(owner: string): Promise<Months & { readonly etag?: string }> {
    const row = await table.getEntity<Row>(owner, ROW_KEY, withTimeout()).catch((cause: unknown) => {
      // A stale 404 does no harm: the row is then created, which fails.
      if (statusOfSdkError(cause) === 404) return undefined;
      throw unavailable(cause);
    });
    if (!row) return { months: [], checkedTo: NEVER };
    return { months: row.months.split(",").filter(Boolean), checkedTo: row.checkedTo, etag: row.etag };
  }

  /** @returns false when another writer was faster */
  async function write(owner: string, { months, checkedTo }: Months, etag: string | undefined): Promise<boolean> {
    const row = { partitionKey: owner, rowKey: ROW_KEY, months: months.join(","), checkedTo };
    const call =
      etag === undefined
        ? table.createEntity(row, withTimeout())
        : table.updateEntity(row, "Replace", { ...withTimeout(), etag });
    try {
      await call;
      return true;
    } catch (cause) {
      if ([409, 412].includes(statusOfSdkError(cause) ?? 0)) return false;
      throw unavailable(cause);
    }
  }

  /** Any month with images from `from` and before `to`, or none; undefined when no call is left. */
  async function findMonth(
    owner: string,
    from: string,
    to: string,
    calls: Calls,
  ): Promise<{ month: string | undefined } | undefined> {
    const [first, last] = [partitionOf(owner, from), partitionOf(owner, to)].map((key) => key.replaceAll("'", "''"));
    const filter = `PartitionKey ge '${first}' and PartitionKey lt '${last}'`;
    try {
      for await (const page of pagesOf<object>(table, { filter }, CALL_MS, 1)) {
        calls.left -= 1;
        if (page[0]?.partitionKey) return { month: page[0].partitionKey.slice(partitionOf(owner, "").length) };
        if (calls.left <= 1) return undefined;
      }
    } catch (cause) {
      throw unavailable(cause);
    }
    return { month: undefined };
  }

  /** Searches the months up to `end` with one-row queries, at most two for a month found. Leaves one call. */
  async function check(owner: string, state: Months, end: string, calls: Calls): Promise<Months> {
    let checked = state;
    while (checked.checkedTo < end && calls.left > 1) {
      const { checkedTo, months } = checked;
      const next = months.find((month) => month >= checkedTo && month < end);
      // A row in any order splits the range: what is before the first known month is searched again.
      const found =
        checkedTo < (next ?? end) ? await findMonth(owner, checkedTo, next ?? end, calls) : { month: undefined };
      if (!found) break;
      if (found.month) checked = withMonth(checked, found.month);
      else checked = { months, checkedTo: next === undefined ? end : monthAfter(next) };
    }
    return checked;
  }

  return {
    async add(owner, month) {
      const key = partitionOf(owner, month);
      for (let attempt = 0; !known.has(key); attempt++) {
        if (attempt === ATTEMPTS) throw unavailable(new Error("Other writers changed the months at every attempt"));
        const { etag, ...state } = await read(owner);
        if (!state.months.includes(month) && !(await write(owner, withMonth(state, month), etag))) {
          await sleep(Math.random() * Math.min(200, 2 ** attempt * 5));
          continue;
        }
        if (known.size >= MAX_KNOWN) known.clear();
        known.add(key);
      }
    },
    async list(owner, calls) {
      const current = monthOf(now());
      const { etag, ...state } = await read(owner);
      calls.left -= 1;
      const checked = await check(owner, state, current, calls);
      if (checked !== state) {
        // If another request wrote meanwhile, this one uses what it has found, and a later one finds it again.
        await write(owner, checked, etag);
        calls.left -= 1;
      }
      if (checked.checkedTo < current) return undefined;
      return withMonth(checked, current).months.toReversed();
    },
  };
}
