// Gives an original without a record its record back: owner, id and file name from its name, the rest from its bytes.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import type { Decoder } from "../lib/decode/decoder.ts";
import { AppError } from "../lib/errors.ts";
import { eventPatience } from "../lib/gate.ts";
import { type ImageRecord, type ImageRecords, parseOriginalBlobName } from "../lib/image.ts";
import { contentTypes, formatOf } from "./image-format.ts";
import { timeOf, UUID_V7 } from "./image-rows.ts";

/** Owner, id and file name in the name of an original; undefined for any other blob. */
export function parseOriginal(name: string): Pick<ImageRecord, "owner" | "id" | "filename"> | undefined {
  const parsed = parseOriginalBlobName(name);
  if (!parsed || !UUID_V7.test(parsed.id)) return undefined;
  return { ...parsed, filename: name.slice(name.lastIndexOf("/") + 1) };
}

type RecoverDeps = {
  readonly originals: Pick<BlobContainer, "properties" | "readUnchanged">;
  readonly records: Pick<ImageRecords, "create">;
  readonly decoder: Pick<Decoder, "decode">;
};

/**
 * Creates the record as `pending`, so that the timer renders the variants.
 * @returns `unreadable` when the original is archived or no image; undefined when it was removed meanwhile
 */
export async function recoverRecord(
  name: string,
  image: Pick<ImageRecord, "owner" | "id" | "filename">,
  { originals, records, decoder }: RecoverDeps,
): Promise<"record-restored" | "unreadable" | undefined> {
  const properties = await originals.properties(name);
  if (!properties) return undefined;
  if (!properties.isReadable) return "unreadable";
  const bytes = await originals.readUnchanged(name, properties);
  if (!bytes) return undefined;
  const format = formatOf(bytes);
  if (!format) return "unreadable";
  try {
    // The header only: the render decodes the pixels.
    const createdAt = new Date(timeOf(image.id)).toISOString();
    const { width, height } = await decoder.decode(bytes, eventPatience, async (_open, size) => size);
    await records.create({
      ...image,
      contentType: contentTypes[format],
      size: bytes.byteLength,
      width,
      height,
      status: "pending",
      createdAt,
      // How long it was to be kept is not known. The timer writes the tag, so that no rule of the storage deletes it.
      retention: "keep",
      retagAt: createdAt,
    });
  } catch (error) {
    if (error instanceof AppError && error.code === "UNPROCESSABLE_IMAGE") return "unreadable";
    throw error;
  }
  return "record-restored";
}
