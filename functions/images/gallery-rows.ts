// The index of public images: rows in the partition `public` of the images table. A row exists before the first copy of its
// image and until after the last, so it leads from a copy to its owner: docs/decisions/038.
import { setTimeout as sleep } from "node:timers/promises";
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { pagesOf, rowExists, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { StoredVariant } from "../lib/image.ts";
import { UUID_V7 } from "./image-rows.ts";

/** What the gallery shows of an image; its copies exist. */
export type GalleryEntry = {
  /** ETag of the original that the copies were rendered from. Not shown: with another one, they are copied again. */
  readonly sourceEtag?: string | undefined;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly alt?: string | undefined;
  readonly description?: string | undefined;
  readonly thumbHash?: string | undefined;
  readonly dominantColor?: string | undefined;
  /** Base64 of a tiny WebP. */
  readonly placeholder?: string | undefined;
  /** At least one. */
  readonly variants: readonly Pick<StoredVariant, "name" | "format" | "width" | "height">[];
};

export type GalleryRow = {
  readonly id: string;
  readonly owner: string;
  /** Missing until the first copies are complete. */
  readonly entry?: GalleryEntry | undefined;
  /** Milliseconds since 1970; with it the copies are being changed, and from then on the timer does it. */
  readonly dueAt?: number | undefined;
};

/** The right to write the row once, as long as no one else marks it. */
export type Mark = GalleryRow & {
  readonly etag: string;
  readonly dueAt: number;
  /** Whether the row was due, or is now: the copies may differ from the variants. */
  readonly wasDue: boolean;
  /** Whether another change of the copies may be in progress: then the row must stay, for the timer. */
  readonly isContended: boolean;
};

/** Every method throws DEPENDENCY_UNAVAILABLE when the table fails. */
export type GalleryRows = {
  /** The row; undefined when the store has confirmed that there is none. */
  find(id: string): Promise<GalleryRow | undefined>;
  /** Creates the row, or keeps its entry, and sets `dueAt`. Earlier marks cannot be settled from then on. */
  mark(owner: string, id: string): Promise<Mark>;
  /** Replaces the row, or removes it. @returns false when there is a later mark */
  settle(mark: Mark, next: Pick<GalleryRow, "entry" | "dueAt"> | "remove"): Promise<boolean>;
  /** Whether the site has `MAX_PUBLIC` images or more. */
  isFull(): Promise<boolean>;
  /** In no order. */
  list(filter?: { readonly dueBefore: number }): AsyncIterable<GalleryRow>;
};

type Row = { imageOwner: string; entry?: string; dueAt?: Date };

/** Public images of a site: one page of a query, which the gallery reads at most once a minute. */
export const MAX_PUBLIC = 1_000;
export const PARTITION = "public";
/** Until the timer takes over: longer than a request or the run of a timer may take (`functionTimeout` in host.json). */
export const TAKEOVER_MS = 6 * 60_000;
const CALL_MS = 10_000;
const ATTEMPTS = 20;
const MAX_BACKOFF_MS = 200;
/** Waits for a read to return a row that exists: docs/decisions/018. */
const STALE_READ_WAITS_MS = [50, 100, 200, 400];

const keysOf = (id: string) => ({ partitionKey: PARTITION, rowKey: id });

function toRow({ id, owner, entry, dueAt }: GalleryRow) {
  return {
    ...keysOf(id),
    imageOwner: owner,
    ...(entry && { entry: JSON.stringify(entry) }),
    ...(dueAt !== undefined && { dueAt: new Date(dueAt) }),
  };
}

function fromRow({ rowKey: id = "", imageOwner: owner, entry, dueAt }: Row & { rowKey?: string }): GalleryRow {
  return {
    id,
    owner,
    ...(entry && { entry: JSON.parse(entry) as GalleryEntry }),
    ...(dueAt && { dueAt: new Date(dueAt).getTime() }),
  };
}

export function createGalleryRows(table: TableClient, now: () => number = Date.now): GalleryRows {
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });
  const unavailable = (cause: unknown): never => {
    throw new AppError("DEPENDENCY_UNAVAILABLE", "The gallery in the images table failed", { cause, retryAfter: 5 });
  };
  const read = (id: string) =>
    table.getEntity<Row>(PARTITION, id, withTimeout()).catch((cause: unknown) => {
      if (statusOfSdkError(cause) === 404) return undefined;
      return unavailable(cause);
    });

  /** @returns the ETag; undefined when another writer was faster, or an earlier attempt whose response was lost */
  async function write(row: GalleryRow, etag: string | undefined): Promise<string | undefined> {
    const next = toRow(row);
    const call =
      etag === undefined
        ? table.createEntity(next, withTimeout())
        : table.updateEntity(next, "Replace", { ...withTimeout(), etag });
    const written = await call.catch((cause: unknown) => {
      if ([404, 409, 412].includes(statusOfSdkError(cause) ?? 0)) return undefined;
      return unavailable(cause);
    });
    return written?.etag;
  }

  return {
    async find(id) {
      for (const wait of [...STALE_READ_WAITS_MS, 0]) {
        const row = await read(id);
        if (row) return fromRow(row);
        if (!(await rowExists(table, keysOf(id), CALL_MS).catch(unavailable))) return undefined;
        await sleep(wait);
      }
      return unavailable(new Error("The row exists, and reads do not return it"));
    },
    async mark(owner, id) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const row = await read(id);
        const found = row && fromRow(row);
        const marked = { id, owner, entry: found?.entry, dueAt: now() + TAKEOVER_MS };
        const etag = await write(marked, row?.etag);
        if (etag !== undefined) {
          const wasDue = !found || found.dueAt !== undefined;
          return { ...marked, etag, wasDue, isContended: (found?.dueAt ?? 0) > now() };
        }
        await sleep(Math.random() * Math.min(MAX_BACKOFF_MS, 2 ** attempt));
      }
      return unavailable(new Error(`Other writers changed the row during all ${ATTEMPTS} attempts`));
    },
    async settle({ etag, id, owner }, next) {
      if (next !== "remove") return (await write({ id, owner, ...next }, etag)) !== undefined;
      try {
        await table.deleteEntity(PARTITION, id, { ...withTimeout(), etag });
        return true;
      } catch (cause) {
        if (![404, 412].includes(statusOfSdkError(cause) ?? 0)) unavailable(cause);
        return false;
      }
    },
    async isFull() {
      const filter = `PartitionKey eq '${PARTITION}'`;
      let count = 0;
      try {
        for await (const page of pagesOf(table, { filter, select: ["RowKey"] }, CALL_MS, MAX_PUBLIC)) {
          count += page.length;
          if (count >= MAX_PUBLIC) return true;
        }
      } catch (cause) {
        unavailable(cause);
      }
      return false;
    },
    async *list(due) {
      const isDue = due ? ` and dueAt le datetime'${new Date(due.dueBefore).toISOString()}'` : "";
      const filter = `PartitionKey eq '${PARTITION}'${isDue}`;
      try {
        for await (const page of pagesOf<Row>(table, { filter }, CALL_MS, MAX_PUBLIC))
          for (const row of page) if (UUID_V7.test(row.rowKey ?? "")) yield fromRow(row);
      } catch (cause) {
        unavailable(cause);
      }
    },
  };
}
