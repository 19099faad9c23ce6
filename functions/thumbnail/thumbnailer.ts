// Creates the variants of an image and updates its record: once per version of the original, for any number of events.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import type { Decoder } from "../lib/decode/decoder.ts";
import { AppError } from "../lib/errors.ts";
import { createGate, type Patience } from "../lib/gate.ts";
import { type ImageRecord, type ImageRecords, originalBlobName, type StoredVariant } from "../lib/image.ts";
import { removeVariants, THUMBNAIL, variantBlobName } from "../lib/image-variants.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import type { Preview } from "./preview.ts";
import { renderVariants, startPatience } from "./render.ts";

type Outcome = "created" | "up-to-date" | "failed" | "not-found";
export type Thumbnailer = {
  /**
   * @returns what was done, for the log; `failed` when the same bytes could not be rendered for the second time
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when a store fails, or the image cannot be decoded now; the caller should try again
   * @throws {Error} when the bytes could not be rendered for the first time; the caller should try again
   */
  create(owner: string, id: string, log: Pick<Log, "warn">): Promise<Outcome>;
};

type Options = {
  readonly originals: BlobContainer;
  readonly thumbnails: BlobContainer;
  readonly records: Pick<ImageRecords, "find" | "change">;
  readonly publisher: { sync(owner: string, id: string): Promise<void> };
  readonly decoder: Decoder;
  readonly meter: Meter;
  /** Bounds on the longest side in pixels; 256 is one of them. */
  readonly widths: readonly number[];
};

const REASON = "The image could not be read: it is corrupt or cannot be resized.";

type Stored = { readonly variants: readonly StoredVariant[]; readonly preview: Preview };

/** What the record of a rendered image has. */
function readyRecord({ variants, preview }: Stored): Partial<ImageRecord> {
  const thumbnail = variants.find(({ name }) => name === THUMBNAIL);
  return {
    status: "ready",
    variants,
    placeholder: undefined,
    ...preview,
    thumbnail: thumbnail && { width: thumbnail.width, height: thumbnail.height, size: thumbnail.size },
    attempts: undefined,
    retryAt: undefined,
  };
}

export function createThumbnailer(options: Options): Thumbnailer {
  const { originals, thumbnails, records, publisher, decoder, meter, widths } = options;
  // The host runs one event at a time, and the timer may run meanwhile. One render at once bounds the memory of pixels and
  // encoded variants outside of the decode gate.
  const renders = createGate({ name: "renders", capacity: 1 });

  /** Renders and writes the variants. @returns undefined when the bytes cannot be rendered */
  async function render(
    record: ImageRecord,
    original: { bytes: Buffer; etag: string },
    { log, ...run }: { isAlone: boolean; patience: () => Patience; log: Pick<Log, "warn"> },
  ): Promise<Stored | undefined> {
    const variants: StoredVariant[] = [];
    const source = { bytes: original.bytes, contentType: record.contentType };
    try {
      const { preview, encode } = await renderVariants(source, { decoder, widths, ...run });
      for await (const { bytes, ...variant } of encode()) {
        await thumbnails.write(variantBlobName(record, variant.name), {
          bytes,
          contentType: `image/${variant.format}`,
          cacheControl: "private, max-age=31536000, immutable",
        });
        variants.push(variant);
      }
      return { variants, preview };
    } catch (error) {
      if (!(error instanceof AppError && error.code === "UNPROCESSABLE_IMAGE")) throw error;
      log.warn("thumbnail-not-rendered", { image: record.id, is_final: run.isAlone, error });
      return undefined;
    }
  }

  /**
   * Removes what the record had before, or what this run wrote, and the record does not name now. Another run may write
   * the same names again after a later change: so a blob is removed only in the version that existed while the record was
   * still as it is now.
   */
  async function removeOthers(names: readonly string[], after: ImageRecord, log: Pick<Log, "warn">): Promise<void> {
    const named = new Set(after.variants?.map(({ name }) => name));
    const others = [...new Set(names)].filter((name) => !named.has(name)).map((name) => variantBlobName(after, name));
    if (others.length === 0) return;
    try {
      const versions = await Promise.all(others.map((blob) => thumbnails.etag(blob)));
      const current = await records.find(after.owner, after.id);
      if (current?.status !== "ready" || JSON.stringify(current.variants) !== JSON.stringify(after.variants)) return;
      for (const [index, blob] of others.entries()) {
        const etag = versions[index];
        if (etag) await thumbnails.remove(blob, { etag });
      }
    } catch (error) {
      // They cost storage, and nothing names them. They are removed with the image.
      log.warn("variants-not-removed", { image: after.id, error });
    }
  }

  async function publish({ id, owner, visibility }: ImageRecord, log: Pick<Log, "warn">): Promise<void> {
    if (visibility !== "public") return;
    try {
      await publisher.sync(owner, id);
    } catch (error) {
      // The timer publishes it: the row of a public image is due until its copies are complete.
      log.warn("image-not-published", { image: id, error });
    }
  }

  /** What a render that failed wrote for an image that was deleted meanwhile: no event of it may come again. */
  async function removeOrphans(image: Pick<ImageRecord, "owner" | "id">, log: Pick<Log, "warn">): Promise<void> {
    try {
      if (!(await records.find(image.owner, image.id))) await removeVariants(thumbnails, image);
    } catch (error) {
      log.warn("variants-not-removed", { image: image.id, error });
    }
  }

  async function create(
    { owner, id, log }: { owner: string; id: string; log: Pick<Log, "warn"> },
    patience: () => Patience,
  ): Promise<Outcome | "not-rendered"> {
    const record = await records.find(owner, id);
    if (!record) {
      await removeVariants(thumbnails, { owner, id });
      return "not-found";
    }
    if (record.status === "expired") return "up-to-date";
    const originalName = originalBlobName(record);
    const isFinal = record.status === "ready" || (record.status === "failed" && !record.retryAt);
    if (isFinal && record.sourceEtag && record.sourceEtag === (await originals.etag(originalName))) return "up-to-date";
    const original = await originals.read(originalName);
    if (!original) return "not-found";

    // A store error is thrown, so that the event is delivered again. An image can also look unusable because of what
    // else runs in this instance: it is `failed` only when the same bytes fail again while nothing else is decoded.
    const isSecondRender = !isFinal && record.sourceEtag === original.etag;
    const stored = await render(record, original, { isAlone: isSecondRender, patience, log });
    const changed = await records.change(owner, id, (current) => {
      const sourceEtag = original.etag;
      // Its retention has ended meanwhile. What was written is removed with the image.
      if (current.status === "expired") return undefined;
      // Another instance was faster, and its record stays: it names the blobs that it wrote. Written unchanged, since a
      // stale read may show a record that was deleted meanwhile.
      if (current.status === "ready" && current.sourceEtag === sourceEtag) return {};
      if (stored) return { ...readyRecord(stored), sourceEtag };
      if (isSecondRender) return { status: "failed", sourceEtag, reason: REASON, retryAt: undefined };
      return { status: current.status === "uploading" ? "uploading" : "pending", sourceEtag };
    });
    if (!changed) {
      // The image was deleted meanwhile: remove the orphaned variants.
      await removeVariants(thumbnails, { owner, id });
      return "not-found";
    }
    if (!stored) return isSecondRender ? "failed" : "not-rendered";
    const written = [...stored.variants, ...(record.variants ?? [])].map(({ name }) => name);
    await publish(changed, log);
    await removeOthers(written, changed, log);
    return "created";
  }

  return {
    async create(owner, id, log) {
      const patience = startPatience();
      const startedAt = performance.now();
      let outcome: Outcome | "not-rendered" | "store-failed" = "store-failed";
      try {
        outcome = await renders.run(1, patience(), () =>
          create({ owner, id, log }, patience).catch(async (error: unknown) => {
            await removeOrphans({ owner, id }, log);
            throw error;
          }),
        );
        if (outcome === "not-rendered") throw new Error("The thumbnail was not rendered: the next attempt decides.");
        return outcome;
      } finally {
        meter.measure("thumbnail_duration", performance.now() - startedAt, { outcome });
      }
    },
  };
}
