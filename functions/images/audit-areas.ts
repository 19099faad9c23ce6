// What the audit looks at: pages of records, of originals and of variants, and in each what differs.
import type { BlobContainer, ListedBlob } from "../lib/azure/blobs.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import { type ImageRecord, type ImageRecords, originalBlobName } from "../lib/image.ts";
import type { Area, Page } from "./audit-pass.ts";
import type { Row } from "./image-rows.ts";
import { parseOriginal } from "./recover-record.ts";

type Image = Pick<ImageRecord, "owner" | "id">;
/** An image whose record and blobs differ, and what is there. */
export type Finding = Image &
  (
    | { readonly kind: "original-missing" }
    | { readonly kind: "record-missing"; readonly original: string; readonly filename: string }
    | { readonly kind: "image-missing"; readonly variants: readonly ListedBlob[] }
  );
export type Examined = Page & { readonly findings: readonly Finding[] };

type Stores = {
  readonly table: TableClient;
  readonly records: Pick<ImageRecords, "changeStored">;
  readonly originals: Pick<BlobContainer, "etag" | "list" | "page">;
  readonly thumbnails: Pick<BlobContainer, "page">;
};
type Options = {
  readonly max: number;
  readonly from: string | undefined;
  readonly lastImage: string | undefined;
  readonly now: number;
};

/** Younger records and blobs may belong to something in progress, also in a process that was suspended for long. */
const MIN_AGE_MS = 24 * 60 * 60_000;
const MAX_ROWS = 1_000;
const CALL_MS = 30_000;
/** Images that are looked at at once. */
const PARALLEL = 10;

/** The results that are defined, of ten calls at a time. */
async function compact<T, R>(items: readonly T[], work: (item: T) => Promise<R | undefined>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += PARALLEL)
    for (const result of await Promise.all(items.slice(at, at + PARALLEL).map(work)))
      if (result !== undefined) results.push(result);
  return results;
}

function pageOf(findings: readonly Finding[], page: Omit<Page, "repairable" | "missing">): Examined {
  const missing = findings.filter(({ kind }) => kind === "original-missing").length;
  return { ...page, findings, missing, repairable: findings.length - missing };
}

export function createAreas({
  table,
  records,
  originals,
  thumbnails,
}: Stores): Record<Area, (options: Options) => Promise<Examined>> {
  /** The table confirms that a record does not exist (docs/decisions/018). */
  const stored = async ({ owner, id }: Image) => (await records.changeStored(owner, id, () => undefined))?.record;

  async function examineRecords({ max, from, now }: Options): Promise<Examined> {
    const select = ["RowKey", "owner", "filename", "status", "createdAt"];
    const pages = table
      .listEntities<Row>({
        abortSignal: AbortSignal.timeout(CALL_MS),
        queryOptions: { filter: "status ge ''", select },
      })
      .byPage({ maxPageSize: Math.min(max, MAX_ROWS), ...(from !== undefined && { continuationToken: from }) });
    const { value: rows, done } = await pages.next();
    if (done) return pageOf([], { names: 0, images: 0, next: undefined });
    const findings = await compact(rows as (Row & { rowKey: string })[], async ({ rowKey: id, owner, ...row }) => {
      // These are finished or removed by the reconcile timer.
      const isInProgress = ({ status }: Pick<Row, "status">) => status === "uploading" || status === "deleting";
      if (isInProgress(row) || now - new Date(row.createdAt).getTime() < MIN_AGE_MS) return undefined;
      if (await originals.etag(originalBlobName({ owner, id, filename: row.filename }))) return undefined;
      // The list may be older than a deletion.
      const current = await stored({ owner, id });
      if (!current || isInProgress(current)) return undefined;
      return { kind: "original-missing" as const, owner, id };
    });
    return pageOf(findings, { names: rows.length, images: rows.length, next: rows.continuationToken || undefined });
  }

  async function examineOriginals({ max, from, now }: Options): Promise<Examined> {
    const { blobs, next } = await originals.page({ max, from });
    const findings = await compact(blobs, async ({ name, etag, lastModified }) => {
      const image = parseOriginal(name);
      // Other tools may write to the container.
      if (!image || now - lastModified < MIN_AGE_MS || (await stored(image))) return undefined;
      // A deletion removes the original before the record: it may have done both since the list.
      if ((await originals.etag(name)) !== etag) return undefined;
      return { kind: "record-missing" as const, ...image, original: name };
    });
    return pageOf(findings, { names: blobs.length, images: findings.length, next });
  }

  async function examineThumbnails({ max, from, lastImage, now }: Options): Promise<Examined> {
    const { blobs, next } = await thumbnails.page({ max, from });
    const groups = Map.groupBy(
      blobs.filter(({ name }) => parseOriginal(name)?.filename.startsWith("thumb_")),
      ({ name }) => name.slice(0, name.lastIndexOf("/")),
    );
    const findings = await compact([...groups], async ([key, variants]) => {
      const [owner = "", id = ""] = key.split("/");
      const youngest = Math.max(...variants.map(({ lastModified }) => lastModified));
      if (now - youngest < MIN_AGE_MS || (await stored({ owner, id }))) return undefined;
      // With an original the record comes back, and the links to its variants work meanwhile. Without one nothing can
      // reach them: they are what a late render wrote after a deletion.
      if ((await originals.list(`${key}/`)).length > 0) return undefined;
      return { kind: "image-missing" as const, owner, id, variants };
    });
    const page = pageOf(findings, { names: blobs.length, images: 0, next, lastImage: [...groups.keys()].at(-1) });
    const isCounted = findings.some(({ owner, id }) => `${owner}/${id}` === lastImage);
    return isCounted ? { ...page, repairable: page.repairable - 1 } : page;
  }

  return { records: examineRecords, originals: examineOriginals, thumbnails: examineThumbnails };
}
