// The records of images that the timer of the retention works on, of all owners. They may have changed since.
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { Retention, StoredImage } from "../lib/image.ts";
import { retentions } from "../lib/names.ts";
import { isLonger } from "../lib/retention.ts";
import { fromRow, type Row } from "./image-rows.ts";

/** Each throws DEPENDENCY_UNAVAILABLE when the table fails. */
export type RetentionRows = {
  /** Images whose retention ended before a time, and which are not expired. */
  ended(at: Date): AsyncIterable<StoredImage>;
  /** Images that became expired before a time. */
  expired(before: Date): AsyncIterable<StoredImage>;
  /** Images whose tag is to be written again. */
  untagged(at: Date): AsyncIterable<StoredImage>;
  /** Images of an owner that have a shorter retention from the owner's tier. */
  shorter(owner: string, than: Retention): AsyncIterable<StoredImage>;
};

const CALL_MS = 10_000;

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const date = (at: Date) => `datetime'${at.toISOString()}'`;

export function createRetentionRows(table: TableClient): RetentionRows {
  async function* select(filter: string) {
    try {
      for await (const page of pagesOf<Row>(table, { filter }, CALL_MS)) yield* page.map(fromRow);
    } catch (cause) {
      throw new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });
    }
  }
  return {
    ended: (at) =>
      select(
        `expiresAt le ${date(at)} and (${["pending", "ready", "failed"].map((each) => `status eq '${each}'`).join(" or ")})`,
      ),
    expired: (before) => select(`status eq 'expired' and expiredAt le ${date(before)}`),
    untagged: (at) => select(`retagAt le ${date(at)}`),
    shorter(owner, than) {
      const values = retentions.filter((each) => isLonger(than, each)).map((each) => `retention eq ${text(each)}`);
      return select(`owner eq ${text(owner)} and retentionFrom eq 'tier' and (${values.join(" or ")})`);
    },
  };
}
