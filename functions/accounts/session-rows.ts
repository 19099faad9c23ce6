// The rows of the sessions table: one per family of refresh tokens, replaced only under its ETag.
import { z } from "zod";
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { checkTable, pagesOf, rowExists, type TableClient } from "../lib/azure/tables.ts";
import type { StoreClock } from "../lib/store-clock.ts";
import { endOf, type Family, IDLE_MS, LIFETIME_MS } from "./family.ts";
import { callOptions } from "./rows.ts";

export type StoredFamily = { readonly family: Family; readonly etag: string };

/**
 * Every call is sent once and ends within a bounded time. Before it ends, the clock has observed its response. A call
 * rejects when its outcome is unknown: it may or may not have been applied.
 */
export type SessionRows = {
  /** May return an earlier version of the row, or undefined for a row that exists. */
  read(userId: string, familyId: string): Promise<StoredFamily | undefined>;
  /** Never stale, unlike a read: a write decides it. */
  exists(userId: string, familyId: string): Promise<boolean>;
  /** False: the row exists already. */
  create(family: Family): Promise<boolean>;
  /** False: the row has changed since it was read, or is gone. */
  replace(family: Family, etag: string): Promise<boolean>;
  /** False: there was no such row, or it has changed since the ETag was read. Without an ETag any version is removed. */
  remove(userId: string, familyId: string, etag?: string): Promise<boolean>;
  /** All rows of a user. */
  list(userId: string): Promise<readonly StoredFamily[]>;
  /** Pages of rows that are expired or revoked at `now`, in milliseconds since 1970. */
  over(now: number): AsyncIterable<readonly StoredFamily[]>;
};

const CALL_MS = 2_500;
/** For the timer, which may wait longer than a client. */
const PAGE_MS = 10_000;

const retiredSchema = z.array(z.object({ hash: z.base64(), salt: z.base64(), at: z.number() })).max(16);

type Row = {
  key: string;
  current: string;
  retired: string;
  createdAt: Date;
  usedAt: Date;
  client: string;
  isRevoked: boolean;
};

function toRow({ userId, familyId, key, current, retired, createdAt, usedAt, client, isRevoked }: Family) {
  return {
    partitionKey: userId,
    rowKey: familyId,
    key: key.toString("base64"),
    current: current.toString("base64"),
    retired: JSON.stringify(
      retired.map(({ hash, salt, at }) => ({ hash: hash.toString("base64"), salt: salt.toString("base64"), at })),
    ),
    createdAt: new Date(createdAt),
    usedAt: new Date(usedAt),
    client,
    isRevoked,
  };
}

function fromRow({ etag = "", ...row }: Row & { etag?: string; partitionKey?: string; rowKey?: string }): StoredFamily {
  const bytes = (text: string) => Buffer.from(text, "base64");
  const retired = retiredSchema.parse(JSON.parse(row.retired));
  const family = {
    userId: row.partitionKey ?? "",
    familyId: row.rowKey ?? "",
    key: bytes(row.key),
    current: bytes(row.current),
    retired: retired.map(({ hash, salt, at }) => ({ hash: bytes(hash), salt: bytes(salt), at })),
    createdAt: new Date(row.createdAt).getTime(),
    usedAt: new Date(row.usedAt).getTime(),
    client: row.client,
    isRevoked: row.isRevoked,
  };
  return { family, etag };
}

/** @param table a client without retries: a repeated Replace would fail on its own first attempt */
export function createSessionRows(table: TableClient, clock: Pick<StoreClock, "observe">): SessionRows {
  const options = () => callOptions(clock, CALL_MS);
  /** False for the statuses that mean that the row is not as expected. */
  const unless = (statuses: readonly number[], work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      (cause: unknown) => {
        if (statuses.includes(statusOfSdkError(cause) ?? 0)) return false;
        throw cause;
      },
    );

  return {
    async read(userId, familyId) {
      const row = await table.getEntity<Row>(userId, familyId, options()).catch((cause: unknown) => {
        if (statusOfSdkError(cause) === 404) return undefined;
        throw cause;
      });
      return row && fromRow(row);
    },
    exists: (partitionKey, rowKey) => rowExists(table, { partitionKey, rowKey }, CALL_MS),
    create: (family) => unless([409], table.createEntity(toRow(family), options())),
    replace: (family, etag) => unless([404, 412], table.updateEntity(toRow(family), "Replace", { ...options(), etag })),
    async remove(userId, familyId, etag = "*") {
      const isRemoved = await unless([404, 412], table.deleteEntity(userId, familyId, { ...options(), etag }));
      // A missing table gives the same 404 as a missing row.
      if (!isRemoved) await checkTable(table, AbortSignal.timeout(CALL_MS));
      return isRemoved;
    },
    async list(userId) {
      const rows: StoredFamily[] = [];
      const filter = `PartitionKey eq '${userId.replaceAll("'", "''")}'`;
      for await (const page of pagesOf<Row>(table, { filter }, CALL_MS)) rows.push(...page.map(fromRow));
      return rows;
    },
    async *over(now) {
      const time = (ms: number) => `datetime'${new Date(ms).toISOString()}'`;
      const filter = `isRevoked eq true or usedAt lt ${time(now - IDLE_MS)} or createdAt lt ${time(now - LIFETIME_MS)}`;
      for await (const page of pagesOf<Row>(table, { filter }, PAGE_MS))
        yield page.map(fromRow).filter(({ family }) => family.isRevoked || now >= endOf(family));
    },
  };
}
