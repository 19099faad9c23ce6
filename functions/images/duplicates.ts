// Finds repeated uploads: one row per owner, uploaded bytes and options names the image that they became.
// Every decision is a conditional write, because reads may be stale: docs/decisions/018 and 033.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";

type Row = { readonly image: string };

export type Duplicates = {
  /** The image of an earlier upload, if it is stored. */
  find(owner: string, key: string): Promise<ImageRecord | undefined>;
  /**
   * Names the image of an upload, whose record exists, and whose id no other caller knows. The first upload gets its own;
   * equal uploads get the image of the first, unless that image is gone or failed.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the table fails
   */
  claim(own: ImageRecord & { readonly uploadKey: string }): Promise<ImageRecord>;
  /** Removes the row of an image that is being deleted, unless it names another image. Call it before the record is removed. */
  release(record: Pick<ImageRecord, "id" | "owner" | "uploadKey">): Promise<void>;
};

const CALL_MS = 10_000;
const ATTEMPTS = 20;
const MAX_BACKOFF_MS = 200;

/** @param options what changes the stored bytes, in characters that a row key may have */
export const duplicateKey = (bytes: Uint8Array, options: string): string =>
  `${createHash("sha256").update(bytes).digest("hex")}_${options}`;

/** Whether an equal upload may be given this image. Any status that is not named here may lead to its removal. */
const isUsable = ({ status, retryAt }: ImageRecord) =>
  ["uploading", "pending", "ready"].includes(status) || (status === "failed" && retryAt !== undefined);

export function createDuplicates(table: TableClient, records: Pick<ImageRecords, "find">): Duplicates {
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
  async function tryClaim(own: Parameters<Duplicates["claim"]>[0]): Promise<ImageRecord | undefined> {
    const keys = keysOf(own.owner, own.uploadKey);
    const next = { ...keys, image: own.id };
    const row = await read(keys);
    if (!row) return (await attempt(table.createEntity(next, withTimeout()))) ? own : undefined;
    // Written by an earlier attempt whose response was lost.
    if (row.image === own.id) return own;
    // A row is written after its record. So a missing record was removed, and its id is never used again: what removes its
    // blobs may still be running.
    const earlier = await records.find(own.owner, row.image);
    if (earlier && isUsable(earlier)) return earlier;
    const written = attempt(table.updateEntity(next, "Replace", { ...withTimeout(), etag: row.etag }));
    return (await written) ? own : undefined;
  }

  return {
    async find(owner, key) {
      const row = await read(keysOf(owner, key));
      const record = row && (await records.find(owner, row.image));
      return record && record.status !== "uploading" && isUsable(record) ? record : undefined;
    },
    async claim(own) {
      for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
        const claim = await tryClaim(own);
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
        // Another image's row is left alone.
        if (row?.image !== id) return;
        if (await attempt(table.deleteEntity(partitionKey, rowKey, { ...withTimeout(), etag: row.etag }))) return;
      }
      throw unavailable(new Error(`Other writers changed the row during all ${ATTEMPTS} attempts`));
    },
  };
}
