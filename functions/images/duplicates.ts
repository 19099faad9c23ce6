// Finds repeated uploads: one row per owner, uploaded bytes and options names the image that they became.
// Every decision is a conditional write, because reads may be stale: docs/decisions/018 and 033.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { ImageRecord, ImageRecords, StoredImage } from "../lib/image.ts";

type Claim = { readonly image: string; readonly filename: string };
type Row = Claim & { readonly claimedAt: Date };

export type Duplicates = {
  /** The image of an earlier upload, if it is stored. */
  find(owner: string, key: string): Promise<ImageRecord | undefined>;
  /**
   * Names the image of an upload. The first upload gets its own; equal uploads get the image of the first, and continue
   * it, unless that image is gone or failed.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the table fails
   */
  claim(owner: string, key: string, own: Claim): Promise<Claim>;
  /** Removes the row of an image that is being deleted, unless it names another image. Call it before the record is removed. */
  release(record: Pick<ImageRecord, "id" | "owner" | "uploadKey">): Promise<void>;
};

const CALL_MS = 10_000;
const ATTEMPTS = 20;
const MAX_BACKOFF_MS = 200;
/**
 * Longer than an upload takes from its claim to its record. Until then a missing record means that the upload is in
 * progress or was interrupted: an equal one continues it. Later, its image was removed.
 */
const IN_PROGRESS_MS = 5 * 60_000;

/** @param options what changes the stored bytes, in characters that a row key may have */
export const duplicateKey = (bytes: Uint8Array, options: string): string =>
  `${createHash("sha256").update(bytes).digest("hex")}_${options}`;

/** Whether an equal upload may be given this image. Any status that is not named here may lead to its removal. */
const isUsable = ({ status, retryAt }: StoredImage) =>
  ["uploading", "pending", "ready"].includes(status) || (status === "failed" && retryAt !== undefined);

export function createDuplicates(
  table: TableClient,
  records: Pick<ImageRecords, "find" | "changeStored">,
  { now = Date.now }: { now?: () => number } = {},
): Duplicates {
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });
  const unavailable = (cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });
  const keysOf = (owner: string, key: string) => ({ partitionKey: owner, rowKey: `upload_${key}` });

  async function read({ partitionKey, rowKey }: ReturnType<typeof keysOf>) {
    return table.getEntity<Row>(partitionKey, rowKey, withTimeout()).catch((cause: unknown) => {
      if (statusOfSdkError(cause) === 404) return undefined;
      throw unavailable(cause);
    });
  }

  /** @returns false when another writer was faster */
  async function attempt(write: Promise<unknown>): Promise<boolean> {
    try {
      await write;
      return true;
    } catch (cause) {
      if ([404, 409, 412].includes(statusOfSdkError(cause) ?? 0)) return false;
      throw unavailable(cause);
    }
  }

  /** One round: undefined when the row changed meanwhile. */
  async function tryClaim(owner: string, key: string, own: Claim): Promise<Claim | undefined> {
    const keys = keysOf(owner, key);
    const row = await read(keys);
    if (!row) {
      const next = { ...keys, ...own, claimedAt: new Date(now()) };
      return (await attempt(table.createEntity(next, withTimeout()))) ? own : undefined;
    }
    const current = { image: row.image, filename: row.filename };
    // Also one that is being deleted: its id must not be used again.
    const record = (await records.changeStored(owner, row.image, () => undefined))?.record;
    if (record && isUsable(record)) return current;
    const isInProgress = !record && now() - new Date(row.claimedAt).getTime() < IN_PROGRESS_MS;
    // Also to continue the row is written: one that was deleted since it was read is not continued.
    const next = isInProgress ? { ...current, claimedAt: row.claimedAt } : { ...own, claimedAt: new Date(now()) };
    const written = attempt(table.updateEntity({ ...keys, ...next }, "Replace", { ...withTimeout(), etag: row.etag }));
    return (await written) ? { image: next.image, filename: next.filename } : undefined;
  }

  return {
    async find(owner, key) {
      const row = await read(keysOf(owner, key));
      const record = row && (await records.find(owner, row.image));
      return record && record.status !== "uploading" && isUsable(record) ? record : undefined;
    },
    async claim(owner, key, own) {
      for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
        const claim = await tryClaim(owner, key, own);
        if (claim) return claim;
        await sleep(Math.random() * Math.min(MAX_BACKOFF_MS, 2 ** attempts));
      }
      throw unavailable(new Error(`Other writers changed the row during all ${ATTEMPTS} attempts`));
    },
    async release({ id, owner, uploadKey }) {
      if (uploadKey === undefined) return;
      const { partitionKey, rowKey } = keysOf(owner, uploadKey);
      for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
        const row = await read({ partitionKey, rowKey });
        // Another image's row is left alone. An upload that continues this one changes the ETag, not the image.
        if (row?.image !== id) return;
        if (await attempt(table.deleteEntity(partitionKey, rowKey, { ...withTimeout(), etag: row.etag }))) return;
      }
      throw unavailable(new Error(`Other writers changed the row during all ${ATTEMPTS} attempts`));
    },
  };
}
