// The images table: one record per image, changed only under its ETag.
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { ImageRecord } from "./schemas.ts";

/** Everything throws DEPENDENCY_UNAVAILABLE when the store fails. */
export type ImageRecords = {
  create(record: ImageRecord): Promise<void>;
  find(owner: string, id: string): Promise<ImageRecord | undefined>;
  /**
   * Changes a record as it is now, again if it changed meanwhile; `change` returns undefined to leave it.
   * Returns the record as it then is, or undefined when it is gone.
   */
  change(
    owner: string,
    id: string,
    change: (record: ImageRecord) => Partial<ImageRecord> | undefined,
  ): Promise<ImageRecord | undefined>;
  remove(owner: string, id: string): Promise<void>;
  /** Records that were begun before an instant and are neither ready nor failed. */
  unfinished(before: Date): AsyncIterable<ImageRecord>;
};

type Row = Omit<ImageRecord, "id" | "owner" | "thumbnail" | "createdAt" | "size"> & {
  owner: string;
  createdAt: Date;
  bytes: number;
  thumbWidth?: number;
  thumbHeight?: number;
  thumbBytes?: number;
};

const CALL_MS = 10_000;
const ATTEMPTS = 20;

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * Partition of an image: its owner and the month of its creation, which a UUIDv7 carries in its first 48 bits
 * (RFC 9562 section 5.7). Undefined for any other id: no image has it.
 */
function keysOf(owner: string, id: string) {
  const [, high, low] = UUID_V7.exec(id) ?? [];
  if (!high || !low) return undefined;
  const month = new Date(Number.parseInt(high + low, 16)).toISOString().slice(0, 7);
  return { partitionKey: `${owner}_${month}`, rowKey: id.toLowerCase() };
}

function toRow({ id, owner, thumbnail, createdAt, size, ...rest }: ImageRecord) {
  const keys = keysOf(owner, id);
  if (!keys) throw new AppError("INTERNAL", `The id of an image must be a UUIDv7, received ${id}`);
  return {
    ...keys,
    ...rest,
    owner,
    bytes: size,
    createdAt: new Date(createdAt),
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
    // What an earlier status left behind is not shown: a thumbnail can stand after it failed once.
    ...(row.status === "ready" && width && height && thumbBytes && { thumbnail: { width, height, size: thumbBytes } }),
    ...(row.status === "failed" && row.reason && { reason: row.reason }),
    ...(row.sourceEtag && { sourceEtag: row.sourceEtag }),
  };
}

export function createImageRecords(table: TableClient): ImageRecords {
  const bounded = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });
  const failed = (cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });

  async function load(owner: string, id: string) {
    const keys = keysOf(owner, id);
    if (!keys) return undefined;
    const row = await table.getEntity<Row>(keys.partitionKey, keys.rowKey, bounded()).catch((cause: unknown) => {
      if (statusOfSdkError(cause) === 404) return undefined;
      throw failed(cause);
    });
    return row && { record: fromRow(row), etag: row.etag };
  }

  return {
    async create(record) {
      await table.createEntity(toRow(record), bounded()).catch((cause: unknown) => {
        // Ids are never used twice: the row is our own, written by an attempt whose answer was lost.
        if (statusOfSdkError(cause) !== 409) throw failed(cause);
      });
    },
    async find(owner, id) {
      return (await load(owner, id))?.record;
    },
    async change(owner, id, change) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const found = await load(owner, id);
        if (!found) return undefined;
        const changes = change(found.record);
        if (!changes) return found.record;
        const next = toRow({ ...found.record, ...changes });
        try {
          await table.updateEntity(next, "Replace", { ...bounded(), etag: found.etag });
          return fromRow(next);
        } catch (cause) {
          const status = statusOfSdkError(cause);
          if (status !== 412 && status !== 404) throw failed(cause);
        }
      }
      throw failed(new Error(`The record changed ${ATTEMPTS} times while it was to be changed`));
    },
    async remove(owner, id) {
      const keys = keysOf(owner, id);
      if (!keys) return;
      await table.deleteEntity(keys.partitionKey, keys.rowKey, bounded()).catch((cause: unknown) => {
        if (statusOfSdkError(cause) !== 404) throw failed(cause);
      });
    },
    async *unfinished(before) {
      const filter = `(status eq 'uploading' or status eq 'pending') and createdAt lt datetime'${before.toISOString()}'`;
      try {
        for await (const row of table.listEntities<Row>({ queryOptions: { filter } })) yield fromRow(row);
      } catch (cause) {
        throw failed(cause);
      }
    },
  };
}
