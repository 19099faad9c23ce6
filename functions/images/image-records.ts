// The images table: one row per image, updated only with its ETag. Its reads may be stale, and no 404 of a read counts
// until a write confirms it: docs/decisions/018.
import { setTimeout as sleep } from "node:timers/promises";
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { pagesOf, rowExists, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { type ImageRecords, unlessDeleting } from "../lib/image.ts";
import { createImageMonths } from "./image-months.ts";
import { fromRow, keysOf, monthOf, type Row, timeOf, toRow } from "./image-rows.ts";
import { changesUsage } from "./usage-counts.ts";
import { createUsageMarks } from "./usage-marks.ts";

const CALL_MS = 10_000;
const ATTEMPTS = 20;
/** Longest wait before an attempt, so that a read that lags for a second does not use up all attempts. */
const MAX_BACKOFF_MS = 200;
/** Waits for a read to return a row that exists: less than a second together. */
const STALE_READ_WAITS_MS = [50, 100, 200, 400];

export function createImageRecords(table: TableClient, now: () => number = Date.now): ImageRecords {
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });
  const unavailable = (cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });

  const months = createImageMonths(table, now);
  const marks = createUsageMarks(table, now);

  const exists = (keys: NonNullable<ReturnType<typeof keysOf>>) =>
    rowExists(table, keys, CALL_MS).catch((cause: unknown) => {
      throw unavailable(cause);
    });

  async function load(owner: string, id: string) {
    const keys = keysOf(owner, id);
    if (!keys) return undefined;
    for (const wait of [...STALE_READ_WAITS_MS, 0]) {
      const row = await table.getEntity<Row>(keys.partitionKey, keys.rowKey, withTimeout()).catch((cause: unknown) => {
        if (statusOfSdkError(cause) === 404) return undefined;
        throw unavailable(cause);
      });
      if (row) return { record: fromRow(row), etag: row.etag };
      if (!(await exists(keys))) return undefined;
      await sleep(wait);
    }
    throw unavailable(new Error("The record exists, and reads do not return it"));
  }

  const changeStored: ImageRecords["changeStored"] = async (owner, id, change) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const current = await load(owner, id);
      if (!current) return undefined;
      const changes = change(current.record);
      if (!changes) return current;
      const next = toRow({ ...current.record, ...changes });
      const write = async () => {
        try {
          return await table.updateEntity(next, "Replace", { ...withTimeout(), etag: current.etag });
        } catch (cause) {
          const status = statusOfSdkError(cause);
          if (status !== 412 && status !== 404) throw unavailable(cause);
          return undefined;
        }
      };
      const record = fromRow(next);
      const written = await (changesUsage(current.record, record)
        ? marks.around(owner, monthOf(timeOf(id)), write)
        : write());
      if (written) return { record, etag: written.etag ?? "" };
      await sleep(Math.random() * Math.min(MAX_BACKOFF_MS, 2 ** attempt));
    }
    throw unavailable(new Error(`Other writers changed the record during all ${ATTEMPTS} attempts`));
  };

  return {
    async create(record) {
      const row = toRow(record);
      await months.add(record.owner, monthOf(timeOf(record.id)));
      const write = () =>
        table.createEntity(row, withTimeout()).then(
          () => undefined,
          (cause: unknown) => {
            // Ids are unique: an existing row was written by an earlier attempt whose response was lost.
            if (statusOfSdkError(cause) !== 409) throw unavailable(cause);
          },
        );
      // An upload is counted once it is stored; a record that is given back is created so.
      await (changesUsage(undefined, record) ? marks.around(record.owner, monthOf(timeOf(record.id)), write) : write());
    },
    async find(owner, id) {
      return unlessDeleting((await load(owner, id))?.record);
    },
    async change(owner, id, change) {
      const changed = await changeStored(owner, id, (record) => {
        const visible = unlessDeleting(record);
        return visible && change(visible);
      });
      return unlessDeleting(changed?.record);
    },
    changeStored,
    async remove(owner, id, etag) {
      const keys = keysOf(owner, id);
      if (!keys) return true;
      try {
        await table.deleteEntity(keys.partitionKey, keys.rowKey, { ...withTimeout(), etag });
      } catch (cause) {
        if (statusOfSdkError(cause) === 412) return false;
        if (statusOfSdkError(cause) !== 404) throw unavailable(cause);
      }
      return true;
    },
    async *published() {
      try {
        for await (const page of pagesOf<Row>(table, { filter: "visibility eq 'public'" }, CALL_MS))
          for (const row of page) yield fromRow(row);
      } catch (cause) {
        throw unavailable(cause);
      }
    },
    async *unfinished({ before, now }) {
      const isOld = `(status eq 'uploading' or status eq 'pending') and createdAt lt datetime'${before.toISOString()}'`;
      const isDue = `(status eq 'failed' or status eq 'deleting') and retryAt le datetime'${now.toISOString()}'`;
      const filter = `(${isOld}) or (${isDue})`;
      try {
        for await (const page of pagesOf<Row>(table, { filter }, CALL_MS))
          for (const row of page)
            if (!row.retryAt || new Date(row.retryAt) <= now) yield { record: fromRow(row), etag: row.etag };
      } catch (cause) {
        throw unavailable(cause);
      }
    },
  };
}
