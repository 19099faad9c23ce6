// Lists an owner's images, newest first, from a table that returns rows in no order and has no index: docs/decisions/034.
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { ImageRecord, ImageStatus, StoredImage } from "../lib/image.ts";
import { type Calls, createImageMonths } from "./image-months.ts";
import { fromRow, partitionOf, type Row, timeOf } from "./image-rows.ts";

export type ImageFilter = { readonly tag?: string | undefined; readonly status?: ImageStatus | undefined };

/** Where the next page begins. */
export type ListPosition = {
  /** Ids before this one are next: the last id of a page, or the time prefix of an id. Undefined at the start. */
  readonly before?: string | undefined;
  /** Milliseconds of the range to read: the time span in which a page's worth of images is expected. */
  readonly span: number;
};

export type ImagePage = {
  readonly images: readonly ImageRecord[];
  /** Undefined at the end of the list. */
  readonly next?: ListPosition | undefined;
};

export type ImageList = {
  /**
   * At most `limit` images, also fewer or none when the calls are used up before.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the store fails
   */
  page(
    owner: string,
    query: ImageFilter & { readonly limit: number; readonly position?: ListPosition },
  ): Promise<ImagePage>;
};

export const MAX_CALLS = 12;
export const MAX_ROWS = 1_000;
/** Longer than any month. */
export const MAX_SPAN_MS = 32 * 24 * 60 * 60_000;
const CALL_MS = 10_000;
/** After it a page begins no further range. */
const PAGE_MS = 10_000;
/** Rows that a filter needs to find a page's worth, if every twentieth image matches. */
const FILTERED_ROWS = 400;
const WIDEN = 8;

/** The first 48 bits of a UUIDv7 of this time, as every id of the time begins. */
function prefixOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

type Range = {
  readonly month: string;
  /** Row keys, the first included and the last not, and their times. */
  readonly from: string;
  readonly to: string;
  readonly fromMs: number;
  readonly toMs: number;
};

/** The newest range before a position; undefined when there is none. */
function rangeAt(months: readonly string[], { before, span }: ListPosition): Range | undefined {
  // An id may share its millisecond with ids before it.
  const beforeMs = before === undefined ? Number.POSITIVE_INFINITY : timeOf(before) + (before.length > 13 ? 1 : 0);
  const startOf = (month: string) => Date.parse(`${month}-01T00:00:00Z`);
  const month = months.find((each) => startOf(each) < beforeMs);
  if (month === undefined) return undefined;
  const start = startOf(month);
  const [year = 0, number = 0] = month.split("-").map(Number);
  const end = Date.UTC(year, number);
  const toMs = Math.min(end, beforeMs);
  const fromMs = Math.max(start, toMs - span);
  const to = before !== undefined && beforeMs <= end ? before : prefixOf(end);
  return { month, from: prefixOf(fromMs), to, fromMs, toMs };
}

/** The span after a range of `rows` rows, so that the next one has about `wanted`. */
function nextSpan({ fromMs, toMs }: Range, rows: number, wanted: number, span: number): number {
  const estimate = Math.ceil(((toMs - fromMs) * wanted) / Math.max(rows, 1));
  // A range can be short because the month begins there.
  const next = rows < wanted ? Math.min(Math.max(estimate, span), span * WIDEN) : estimate;
  return Math.min(Math.max(next, 1), MAX_SPAN_MS);
}

/** The span after a range with too many rows: half of the time, or of the rows seen if that is less. */
function halfSpan({ fromMs, toMs }: Range, rows: readonly StoredImage[]): number {
  const times = rows.map(({ id }) => timeOf(id)).sort((a, b) => a - b);
  const middle = Math.max((fromMs + toMs) / 2, times[times.length >> 1] ?? 0);
  return Math.max(1, Math.floor(toMs - middle));
}

type Options = {
  /** @default Date.now */
  readonly now?: () => number;
  /** @default MAX_ROWS */
  readonly maxRows?: number;
};

export function createImageList(table: TableClient, { maxRows = MAX_ROWS, now = Date.now }: Options = {}): ImageList {
  const months = createImageMonths(table, now);

  /** `isWhole` is false when there are more rows than `maxRows`, or when no call is left to read them. */
  async function read(owner: string, { from, month, to }: Range, calls: Calls) {
    const partition = partitionOf(owner, month).replaceAll("'", "''");
    const filter = `PartitionKey eq '${partition}' and RowKey ge '${from}' and RowKey lt '${to}'`;
    const rows: StoredImage[] = [];
    try {
      // After a whole page the store says whether it has more. It may also end a page early, or send an empty one.
      for await (const page of pagesOf<Row>(table, { filter }, CALL_MS, maxRows)) {
        calls.left -= 1;
        rows.push(...page.map(fromRow));
        if (page.continuationToken && (rows.length >= maxRows || calls.left <= 0)) return { rows, isWhole: false };
      }
    } catch (cause) {
      throw new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });
    }
    return { rows, isWhole: true };
  }

  return {
    async page(owner, { limit, position = { span: MAX_SPAN_MS }, status, tag }) {
      const startedAt = performance.now();
      const calls = { left: MAX_CALLS };
      const known = await months.list(owner, calls);
      if (!known) return { images: [], next: position };
      const wanted = tag === undefined && status === undefined ? 2 * limit : FILTERED_ROWS;
      const isListed = (image: StoredImage): image is ImageRecord =>
        image.status !== "uploading" &&
        image.status !== "deleting" &&
        (status === undefined || image.status === status) &&
        (tag === undefined || (image.tags?.includes(tag) ?? false));

      const images: ImageRecord[] = [];
      let { before, span } = position;
      for (;;) {
        const range = rangeAt(known, { before, span });
        if (!range) return { images };
        const isOver = calls.left <= 0 || performance.now() - startedAt >= PAGE_MS;
        if (isOver || images.length === limit) return { images, next: { before, span } };
        const { isWhole, rows } = await read(owner, range, calls);
        if (!isWhole) {
          // With the calls used up for other ranges, the next page tries the same one with all of its own.
          if (rows.length >= maxRows || before === position.before) span = halfSpan(range, rows);
          continue;
        }
        span = nextSpan(range, rows.length, wanted, span);
        const listed = rows.filter(isListed).sort((a, b) => (a.id < b.id ? 1 : -1));
        const taken = listed.slice(0, limit - images.length);
        images.push(...taken);
        before = taken.length < listed.length ? taken.at(-1)?.id : range.from;
      }
    },
  };
}
