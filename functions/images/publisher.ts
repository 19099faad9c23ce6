// Keeps the public copies of an image and its row in the gallery equal to what its record says: docs/decisions/038.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import { createGate, requestPatience } from "../lib/gate.ts";
import type { ImageRecord, ImageRecords, StoredImage, StoredVariant } from "../lib/image.ts";
import { isPublic, publicBlobName, publicVariants, variantBlobName } from "../lib/image-variants.ts";
import { type GalleryEntry, type GalleryRows, type Mark, TAKEOVER_MS } from "./gallery-rows.ts";

/** Every method throws DEPENDENCY_UNAVAILABLE when a store fails. The row is then still due, and the timer goes on. */
export type Publisher = {
  /**
   * Call it before a write of the record that the copies must follow, and pass the mark to `sync` after it: a process that
   * ends in between leaves a row that is due.
   */
  announce(owner: string, id: string): Promise<Mark>;
  /** Copies the variants of a public image, and removes every other copy. Repeating it changes nothing. */
  sync(owner: string, id: string, mark?: Mark): Promise<void>;
  /** `sync` where the row contradicts the record; one read of the table where it does not, or never had a row. */
  reconcile(record: StoredImage): Promise<void>;
};

type Options = {
  readonly records: Pick<ImageRecords, "find" | "changeStored">;
  readonly rows: Pick<GalleryRows, "find" | "mark" | "settle">;
  readonly thumbnails: Pick<BlobContainer, "read">;
  /** The container `$web`. */
  readonly copies: Pick<BlobContainer, "page" | "remove" | "write">;
  /** Called after the row has changed. */
  readonly onChange?: () => void;
  readonly now?: () => number;
};

/** A withdrawal takes effect within this time in every cache; then its ETag decides. */
const COPY_CACHE = "public, max-age=3600";
/** Changes of the record during one run: each is another request of the owner. */
const ATTEMPTS = 5;
/** Copies at once: each holds a variant in memory, of some megabytes at most. */
const MAX_COPIES = 2;
const PAGE_SIZE = 1_000;

/** Whether no trigger or timer is going to change the variants. */
const isSettled = ({ retryAt, status }: StoredImage) =>
  status === "ready" || (status === "failed" && retryAt === undefined);

const isEqual = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

const shownOf = (variants: readonly StoredVariant[]) =>
  variants.map(({ format, height, name, width }) => ({ name, format, width, height }));

function entryOf(record: StoredImage, variants: readonly StoredVariant[]): GalleryEntry | undefined {
  if (variants.length === 0) return undefined;
  const { alt, createdAt, description, dominantColor, placeholder, sourceEtag, thumbHash } = record;
  const shown = { createdAt, alt, description, thumbHash, dominantColor, placeholder, variants: shownOf(variants) };
  return { ...shown, sourceEtag };
}

/** What the gallery shows of an image whose copies are complete. */
export const galleryEntry = (record: StoredImage | undefined): GalleryEntry | undefined =>
  record && entryOf(record, publicVariants(record));

export function createPublisher(options: Options): Publisher {
  const { records, rows, thumbnails, copies, onChange = () => {}, now = Date.now } = options;
  const gate = createGate({ name: "public copies", capacity: MAX_COPIES });

  /** Bytes pass through the app one variant at a time. @returns false when the variant does not exist */
  async function copy(image: Pick<ImageRecord, "owner" | "id">, { format, name }: StoredVariant): Promise<boolean> {
    return gate.run(1, requestPatience, async () => {
      const variant = await thumbnails.read(variantBlobName(image, name));
      if (!variant) return false;
      const { bytes } = variant;
      const headers = { contentType: `image/${format}`, cacheControl: COPY_CACHE };
      await copies.write(publicBlobName(image.id, name), { bytes, ...headers });
      return true;
    });
  }

  /**
   * The record as it is now: reads may be stale, and a write succeeds on the current row only. A record that is being
   * deleted stays so.
   */
  const confirm = async (owner: string, id: string) =>
    (await records.changeStored(owner, id, ({ status }) => (status === "deleting" ? undefined : {})))?.record;

  async function listCopies(id: string) {
    const found = new Map<string, string>();
    let from: string | undefined;
    do {
      const page = await copies.page({ prefix: publicBlobName(id, ""), max: PAGE_SIZE, ...(from && { from }) });
      for (const { etag, name } of page.blobs) found.set(name, etag);
      from = page.next;
    } while (from);
    return found;
  }

  /** @returns the variants whose copies exist then */
  async function copyAll(mark: Mark, record: StoredImage | undefined, found: ReadonlyMap<string, string>) {
    const wanted = publicVariants(record);
    const isComplete = wanted.every(({ name }) => found.has(publicBlobName(mark.id, name)));
    // Rendering the same original again makes the row due before it begins; another original has another ETag.
    const isSame = mark.entry?.sourceEtag === record?.sourceEtag && isEqual(shownOf(wanted), mark.entry?.variants);
    if (!mark.wasDue && isComplete && isSame) return wanted;
    const copied: StoredVariant[] = [];
    for (const variant of wanted) if (await copy(mark, variant)) copied.push(variant);
    return copied;
  }

  /** @returns false when there is a later mark */
  async function settle(
    mark: Mark,
    record: StoredImage | undefined,
    copied: readonly StoredVariant[],
  ): Promise<boolean> {
    // A contended row stays until the timer finds it due: the other process may still write a copy.
    const later = now() + TAKEOVER_MS;
    const entry = isPublic(record) ? entryOf(record, copied) : undefined;
    const isDone = !mark.isContended && (!isPublic(record) || isSettled(record));
    const next = { ...(entry && { entry }), ...(!isDone && { dueAt: later }) };
    const isLatest = await rows.settle(mark, isDone && !isPublic(record) ? "remove" : next);
    onChange();
    return isLatest;
  }

  const publisher: Publisher = {
    announce: (owner, id) => rows.mark(owner, id),
    async sync(owner, id, given) {
      let mark = given ?? (await rows.mark(owner, id));
      let record: StoredImage | undefined = await records.find(owner, id);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        // Listed before the record is confirmed: what another process copies after a later change has another ETag.
        const found = await listCopies(id);
        const wanted = publicVariants(record);
        const { sourceEtag } = record ?? {};
        const copied = await copyAll(mark, record, found);
        record = await confirm(owner, id);
        if (record?.sourceEtag !== sourceEtag || !isEqual(publicVariants(record), wanted)) continue;
        const kept = new Set(wanted.map(({ name }) => publicBlobName(id, name)));
        for (const [name, etag] of found) if (!kept.has(name)) await copies.remove(name, { etag });
        const isLatest = await settle(mark, record, copied);
        // Until the row was due, a later mark leaves it due. From then on the timer may have settled it before this process
        // changed the record.
        if (isLatest || now() < mark.dueAt) return;
        mark = await rows.mark(owner, id);
      }
      throw new AppError("DEPENDENCY_UNAVAILABLE", "The image was changed while it was published", { retryAfter: 5 });
    },
    async reconcile(record) {
      const hasRow = (await rows.find(record.id)) !== undefined;
      if (hasRow !== isPublic(record)) await publisher.sync(record.owner, record.id);
    },
  };
  return publisher;
}
