// The blobs of one container: write, read as a whole, list, remove.
import { Readable } from "node:stream";
import type { BlobItem } from "@azure/storage-blob";
import { AppError } from "../errors.ts";
import type { BlobService } from "./blob-service.ts";
import { errorCodeOfSdkError, statusOfSdkError } from "./sdk-errors.ts";

export type BlobToWrite = {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Index tags, which lifecycle rules can select by. */
  readonly tags?: Readonly<Record<string, string>>;
};

export type BlobProperties = {
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Whether it is a block blob in a tier that can be read at once. */
  readonly isReadable: boolean;
};

/** A blob in a list. */
export type ListedBlob = {
  readonly name: string;
  readonly etag: string;
  /** When its bytes or its headers were written, in milliseconds since 1970. */
  readonly lastModified: number;
};

/** One container. Every method throws DEPENDENCY_UNAVAILABLE when the store fails. */
export type BlobContainer = {
  /** Writes a blob and returns its ETag. With `once` an existing blob is not replaced: CONFLICT. */
  write(name: string, blob: BlobToWrite, options?: { once?: boolean }): Promise<string>;
  /** ETag of a blob, or undefined when it does not exist. */
  etag(name: string): Promise<string | undefined>;
  /** The whole blob, or undefined when it does not exist. */
  read(name: string): Promise<{ bytes: Buffer; etag: string } | undefined>;
  /** Names of the first 5,000 blobs that begin with the prefix. */
  list(prefix: string): Promise<readonly string[]>;
  /**
   * A page of the blobs that begin with the prefix, in the order of their names.
   * @param options `max`: at most 5,000; `prefix`: none by default; `from`: `next` of the page before
   * @returns `next` is undefined on the last page. A page may have fewer blobs than `max`, even none
   */
  page(options: {
    max: number;
    prefix?: string;
    from?: string | undefined;
  }): Promise<{ readonly blobs: readonly ListedBlob[]; readonly next: string | undefined }>;
  /** What a blob is, without its bytes; undefined when it does not exist. */
  properties(name: string): Promise<BlobProperties | undefined>;
  /** The bytes of a blob that still has these properties, in a buffer of their own; undefined when it does not. */
  readUnchanged(name: string, properties: BlobProperties): Promise<Buffer<ArrayBuffer> | undefined>;
  /** The index tags of a blob, or undefined when it does not exist. */
  tags(name: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Replaces the index tags of a blob, without a new ETag or event. @returns false when the blob does not exist */
  setTags(name: string, tags: Readonly<Record<string, string>>): Promise<boolean>;
  /** Removes a blob if it exists, with its snapshots, which an upload link can take; with `etag` only this version of it. */
  remove(name: string, options?: { etag?: string }): Promise<void>;
};

const CALL_MS = 30_000;
const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });

const SLICE = 64 * 1024;

/** Streams the bytes in slices: TLS would copy one large write as a whole to encrypt it. */
function slices(bytes: Uint8Array): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes.byteLength; at += SLICE) yield bytes.subarray(at, at + SLICE);
    })(),
    { objectMode: false },
  );
}

export function createBlobContainer(service: BlobService, name: string): BlobContainer {
  const at = async (blob: string) => (await service()).client.getContainerClient(name).getBlockBlobClient(blob);

  async function guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      if (errorCodeOfSdkError(cause) === "BlobAlreadyExists")
        throw new AppError("CONFLICT", "The blob already exists.", { cause });
      throw new AppError("DEPENDENCY_UNAVAILABLE", `The container ${name} is not available`, { cause, retryAfter: 5 });
    }
  }
  const undefinedIfNotFound = (cause: unknown): undefined => {
    // A missing container is a deployment error. Its images must not be treated as deleted.
    if (statusOfSdkError(cause) === 404 && errorCodeOfSdkError(cause) !== "ContainerNotFound") return undefined;
    throw cause;
  };

  const undefinedIfChanged = (cause: unknown): undefined => {
    if (statusOfSdkError(cause) === 412) return undefined;
    return undefinedIfNotFound(cause);
  };

  return {
    write: (blob, { bytes, contentType, cacheControl, metadata = {}, tags }, { once = false } = {}) =>
      guard(async () => {
        const { etag } = await (await at(blob)).upload(() => slices(bytes), bytes.byteLength, {
          ...withTimeout(),
          blobHTTPHeaders: { blobContentType: contentType, blobCacheControl: cacheControl },
          metadata,
          ...(tags && { tags: { ...tags } }),
          ...(once && { conditions: { ifNoneMatch: "*" } }),
        });
        return etag ?? "";
      }),
    etag: (blob) =>
      guard(async () => {
        const properties = await (await at(blob)).getProperties(withTimeout()).catch(undefinedIfNotFound);
        return properties?.etag;
      }),
    read: (blob) =>
      guard(async () => {
        const response = await (await at(blob)).download(0, undefined, withTimeout()).catch(undefinedIfNotFound);
        if (!response?.readableStreamBody) return undefined;
        const chunks: Buffer[] = [];
        for await (const chunk of response.readableStreamBody) chunks.push(Buffer.from(chunk));
        return { bytes: Buffer.concat(chunks), etag: response.etag ?? "" };
      }),
    list: (prefix) =>
      guard(async () => {
        const pages = (await service()).client
          .getContainerClient(name)
          .listBlobsFlat({ prefix, ...withTimeout() })
          .byPage({ maxPageSize: 5_000 });
        const { value } = await pages.next();
        return (value?.segment.blobItems ?? []).map((blob: { name: string }) => blob.name);
      }),
    page: ({ max, prefix = "", from }) =>
      guard(async () => {
        const pages = (await service()).client
          .getContainerClient(name)
          .listBlobsFlat({ prefix, ...withTimeout() })
          .byPage({ maxPageSize: max, ...(from !== undefined && { continuationToken: from }) });
        const { value } = await pages.next();
        return {
          blobs: (value?.segment.blobItems ?? []).map(({ name, properties }: BlobItem) => ({
            name,
            // In lists it has no quotation marks, which a condition needs.
            etag: `"${properties.etag.replaceAll('"', "")}"`,
            lastModified: properties.lastModified.getTime(),
          })),
          next: value?.continuationToken || undefined,
        };
      }),
    properties: (blob) =>
      guard(async () => {
        const found = await (await at(blob)).getProperties(withTimeout()).catch(undefinedIfNotFound);
        if (!found) return undefined;
        const isReadable = found.blobType === "BlockBlob" && found.accessTier !== "Archive";
        return { etag: found.etag ?? "", size: found.contentLength ?? 0, isReadable };
      }),
    readUnchanged: (blob, { etag, size }) =>
      guard(async () => {
        const bytes = Buffer.allocUnsafeSlow(size);
        const options = { ...withTimeout(), conditions: { ifMatch: etag } };
        const read = (await at(blob)).downloadToBuffer(bytes, 0, size, options);
        return (await read.catch(undefinedIfChanged)) && bytes;
      }),
    tags: (blob) => guard(async () => (await (await at(blob)).getTags(withTimeout()).catch(undefinedIfNotFound))?.tags),
    setTags: (blob, tags) =>
      guard(async () => {
        const set = (await at(blob)).setTags({ ...tags }, withTimeout());
        return (await set.catch(undefinedIfNotFound)) !== undefined;
      }),
    remove: (blob, { etag } = {}) =>
      guard(async () => {
        const conditions = etag === undefined ? {} : { conditions: { ifMatch: etag } };
        const options = { ...withTimeout(), ...conditions, deleteSnapshots: "include" as const };
        await (await at(blob)).deleteIfExists(options).catch((cause: unknown) => {
          if (etag === undefined || statusOfSdkError(cause) !== 412) throw cause;
        });
      }),
  };
}
