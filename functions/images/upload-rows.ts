// Direct uploads as rows of the images table, in the partition `{owner}_uploads`: the open ones, and which image each became.
import { setTimeout as sleep } from "node:timers/promises";
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { pagesOf, rowExists, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { UploadOptions } from "./intake.ts";

export type Upload = {
  /** A UUIDv7, in lower case. */
  readonly id: string;
  readonly owner: string;
  readonly filename: string;
  /** Bytes that the client has announced. */
  readonly size: number;
  /** When the row and what was uploaded are removed: milliseconds since 1970. */
  readonly endsAt: number;
  /** The image, once committed. */
  readonly imageId?: string;
};

/** Every method throws DEPENDENCY_UNAVAILABLE when the store fails. */
export type UploadRows = {
  /** @throws {AppError} CONFLICT when the owner then has more than `MAX_OPEN` open uploads; nothing is stored */
  open(upload: Upload): Promise<void>;
  /** Undefined when the store has confirmed that there is no such upload. */
  find(owner: string, id: string): Promise<Upload | undefined>;
  /**
   * Keeps the options of the first commit of what was sent, a blob with this ETag: two commits must not store two images.
   * @returns the options that it keeps; undefined when the upload has its image, or was removed
   */
  choose(owner: string, id: string, sent: string, options: UploadOptions): Promise<UploadOptions | undefined>;
  /** Keeps the image, unless the row keeps one already. @returns the image that it keeps; of a removed row `imageId` */
  commit(owner: string, id: string, imageId: string): Promise<string>;
  /** The image that the row keeps now. Reads may be stale, so a write that changes nothing proves it. */
  currentImage(owner: string, id: string): Promise<string | undefined>;
  /** Pages of the uploads that ended before `at`, of all owners. */
  ended(at: number): AsyncIterable<readonly Pick<Upload, "owner" | "id">[]>;
  remove(owner: string, id: string): Promise<void>;
};

/** Without the owner, which is in the partition: a scan of an owner's images must not find it. */
type Row = {
  filename: string;
  announcedBytes: number;
  endsAt: Date;
  isOpen: boolean;
  imageId?: string | undefined;
  /** ETag of the blob for which options were chosen, and they as JSON. */
  sent?: string | undefined;
  options?: string | undefined;
};

/** Open uploads of an owner. */
export const MAX_OPEN = 20;
const CALL_MS = 10_000;
/** Waits for a read to return a row that exists: docs/decisions/018. */
const STALE_READ_WAITS_MS = [50, 100, 200, 400];
const ATTEMPTS = 5;

const SUFFIX = "_uploads";
const partitionOf = (owner: string) => `${owner}${SUFFIX}`;
const keysOf = (owner: string, id: string) => ({ partitionKey: partitionOf(owner), rowKey: id });

export function createUploadRows(table: TableClient): UploadRows {
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });
  const unavailable = (cause: unknown): never => {
    throw new AppError("DEPENDENCY_UNAVAILABLE", "The uploads in the images table failed", { cause, retryAfter: 5 });
  };

  async function load(owner: string, id: string) {
    const keys = keysOf(owner, id);
    for (const wait of [...STALE_READ_WAITS_MS, 0]) {
      const row = await table.getEntity<Row>(keys.partitionKey, keys.rowKey, withTimeout()).catch((cause: unknown) => {
        if (statusOfSdkError(cause) === 404) return undefined;
        return unavailable(cause);
      });
      if (row) return row;
      if (!(await rowExists(table, keys, CALL_MS).catch(unavailable))) return undefined;
      await sleep(wait);
    }
    return unavailable(new Error("The upload exists, and reads do not return it"));
  }

  /**
   * Replaces the row, and again if another writer was faster. `decide` returns undefined to leave it as it is.
   * @returns the row afterwards, or undefined when it does not exist
   */
  async function change(owner: string, id: string, decide: (row: Row) => Partial<Row> | undefined) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const row = await load(owner, id);
      const changes = row && decide(row);
      if (!row || !changes) return row;
      const { filename, announcedBytes, endsAt, isOpen, imageId, sent, options, etag } = row;
      const next: Row = { filename, announcedBytes, endsAt, isOpen, imageId, sent, options, ...changes };
      const write = { ...withTimeout(), etag };
      const cause = await table.updateEntity({ ...keysOf(owner, id), ...next }, "Replace", write).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!cause) return next;
      const status = statusOfSdkError(cause);
      if (status !== 412 && status !== 404) unavailable(cause);
    }
    return unavailable(new Error(`Other writers changed the upload during all ${ATTEMPTS} attempts`));
  }

  async function remove(owner: string, id: string): Promise<void> {
    await table.deleteEntity(partitionOf(owner), id, withTimeout()).catch((cause: unknown) => {
      if (statusOfSdkError(cause) !== 404) unavailable(cause);
    });
  }

  async function countOpen(owner: string, now: Date): Promise<number> {
    const partition = partitionOf(owner).replaceAll("'", "''");
    const filter = `PartitionKey eq '${partition}' and isOpen eq true and endsAt gt datetime'${now.toISOString()}'`;
    let count = 0;
    for await (const page of pagesOf(table, { filter, select: ["RowKey"] }, CALL_MS)) {
      count += page.length;
      if (count > MAX_OPEN) break;
    }
    return count;
  }

  return {
    async open({ id, owner, filename, size, endsAt }) {
      const row = { ...keysOf(owner, id), filename, announcedBytes: size, endsAt: new Date(endsAt) };
      await table.createEntity({ ...row, isOpen: true }, withTimeout()).catch((cause: unknown) => {
        // Ids are unique: an existing row was written by an earlier attempt whose response was lost.
        if (statusOfSdkError(cause) !== 409) unavailable(cause);
      });
      // Counted after the row exists, so that of two requests at least one sees the other. Both may then be rejected.
      if ((await countOpen(owner, new Date()).catch(unavailable)) <= MAX_OPEN) return;
      await remove(owner, id);
      throw new AppError(
        "CONFLICT",
        `You may have ${MAX_OPEN} open uploads, and this would be one more: commit one, or try again when the oldest is an hour old.`,
      );
    },
    async find(owner, id) {
      const row = await load(owner, id);
      return (
        row && {
          ...{ id, owner, filename: row.filename, size: row.announcedBytes, endsAt: new Date(row.endsAt).getTime() },
          ...(row.imageId && { imageId: row.imageId }),
        }
      );
    },
    async choose(owner, id, sent, options) {
      const chosen = { sent, options: JSON.stringify(options) };
      const row = await change(owner, id, (current) =>
        current.imageId !== undefined || current.sent === sent ? undefined : chosen,
      );
      return row?.imageId === undefined && row?.options ? (JSON.parse(row.options) as UploadOptions) : undefined;
    },
    async commit(owner, id, imageId) {
      const row = await change(owner, id, (current) =>
        current.imageId === undefined ? { isOpen: false, imageId } : undefined,
      );
      return row?.imageId ?? imageId;
    },
    async currentImage(owner, id) {
      return (await change(owner, id, () => ({})))?.imageId;
    },
    async *ended(at) {
      const filter = `endsAt lt datetime'${new Date(at).toISOString()}'`;
      const pages = pagesOf<Row>(table, { filter, select: ["PartitionKey", "RowKey"] }, CALL_MS);
      for await (const page of pages)
        yield page.map(({ partitionKey = "", rowKey = "" }) => ({
          owner: partitionKey.slice(0, -SUFFIX.length),
          id: rowKey,
        }));
    },
    remove,
  };
}
