// The images table: one row per image, updated only with its ETag. Its reads may be stale, and no 404 of a read counts
// until a write confirms it: docs/decisions/018.
import { setTimeout as sleep } from "node:timers/promises";
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { pagesOf, rowExists, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";

type Row = Omit<ImageRecord, "id" | "owner" | "thumbnail" | "createdAt" | "size" | "retryAt"> & {
  owner: string;
  createdAt: Date;
  retryAt?: Date;
  bytes: number;
  thumbWidth?: number;
  thumbHeight?: number;
  thumbBytes?: number;
};

const CALL_MS = 10_000;
const ATTEMPTS = 20;
/** Longest wait before an attempt, so that a read that lags for a second does not use up all attempts. */
const MAX_BACKOFF_MS = 200;
/** Waits for a read to return a row that exists: less than a second together. */
const STALE_READ_WAITS_MS = [50, 100, 200, 400];

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * The partition is the owner and the month of creation, which is in the first 48 bits of a UUIDv7 (RFC 9562 section 5.7).
 * Undefined for any other id, which no image has.
 */
function keysOf(owner: string, id: string) {
  const [, high, low] = UUID_V7.exec(id) ?? [];
  if (!high || !low) return undefined;
  const month = new Date(Number.parseInt(high + low, 16)).toISOString().slice(0, 7);
  return { partitionKey: `${owner}_${month}`, rowKey: id.toLowerCase() };
}

function toRow({ id, owner, thumbnail, createdAt, retryAt, size, ...rest }: ImageRecord) {
  const keys = keysOf(owner, id);
  if (!keys) throw new AppError("INTERNAL", `The id of an image must be a UUIDv7, received ${id}`);
  return {
    ...keys,
    ...rest,
    owner,
    bytes: size,
    createdAt: new Date(createdAt),
    ...(retryAt && { retryAt: new Date(retryAt) }),
    ...(thumbnail && { thumbWidth: thumbnail.width, thumbHeight: thumbnail.height, thumbBytes: thumbnail.size }),
  };
}

function fromRow(row: Row & { rowKey?: string }): ImageRecord {
  const { thumbWidth: width, thumbHeight: height, thumbBytes } = row;
  return {
    id: row.rowKey ?? "",
    owner: row.owner,
    filename: row.filename,
    contentType: row.contentType,
    size: row.bytes,
    width: row.width,
    height: row.height,
    status: row.status,
    createdAt: new Date(row.createdAt).toISOString(),
    ...(row.source && { source: row.source }),
    // Columns of an earlier status remain in the row, and must not appear in the record.
    ...(row.status === "ready" && width && height && thumbBytes && { thumbnail: { width, height, size: thumbBytes } }),
    ...(row.status === "failed" && row.reason && { reason: row.reason }),
    ...(row.sourceEtag && { sourceEtag: row.sourceEtag }),
    ...(row.status !== "ready" && row.attempts && { attempts: row.attempts }),
    ...(row.status !== "ready" && row.retryAt && { retryAt: new Date(row.retryAt).toISOString() }),
  };
}

export function createImageRecords(table: TableClient): ImageRecords {
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });
  const unavailable = (cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });

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

  return {
    async create(record) {
      await table.createEntity(toRow(record), withTimeout()).catch((cause: unknown) => {
        // Ids are unique: an existing row was written by an earlier attempt whose response was lost.
        if (statusOfSdkError(cause) !== 409) throw unavailable(cause);
      });
    },
    async find(owner, id) {
      return (await load(owner, id))?.record;
    },
    async change(owner, id, change) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const current = await load(owner, id);
        if (!current) return undefined;
        const changes = change(current.record);
        if (!changes) return current.record;
        const next = toRow({ ...current.record, ...changes });
        try {
          await table.updateEntity(next, "Replace", { ...withTimeout(), etag: current.etag });
          return fromRow(next);
        } catch (cause) {
          const status = statusOfSdkError(cause);
          if (status !== 412 && status !== 404) throw unavailable(cause);
        }
        await sleep(Math.random() * Math.min(MAX_BACKOFF_MS, 2 ** attempt));
      }
      throw unavailable(new Error(`Other writers changed the record during all ${ATTEMPTS} attempts`));
    },
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
    async *unfinished({ before, now }) {
      const isOld = `(status eq 'uploading' or status eq 'pending') and createdAt lt datetime'${before.toISOString()}'`;
      const isDue = `status eq 'failed' and retryAt le datetime'${now.toISOString()}'`;
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
