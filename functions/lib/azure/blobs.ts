// Blobs of one account: written once, read whole, removed.
import { Readable } from "node:stream";
import type { TokenCredential } from "@azure/identity";
import type { BlobServiceClient } from "@azure/storage-blob";
import { AppError } from "../errors.ts";
import { errorCodeOfSdkError, statusOfSdkError } from "./sdk-errors.ts";

export type BlobToWrite = {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly metadata?: Readonly<Record<string, string>>;
};

/** One container. Everything throws DEPENDENCY_UNAVAILABLE when the store fails. */
export type BlobContainer = {
  /** Writes a blob; `once` refuses to replace one, with CONFLICT. Returns its ETag. */
  write(name: string, blob: BlobToWrite, options?: { once?: boolean }): Promise<string>;
  /** ETag of a blob, or undefined when there is none. */
  etag(name: string): Promise<string | undefined>;
  /** The whole blob, or undefined when there is none. */
  read(name: string): Promise<{ bytes: Buffer; etag: string } | undefined>;
  /** Removes a blob; one that is gone is gone. */
  remove(name: string): Promise<void>;
};

const CALL_MS = 30_000;
const bounded = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });

/** The SDK and one client of it, loaded on first use: whoever counts a visit should not wait for it. */
export type BlobService = () => Promise<{
  readonly sdk: typeof import("@azure/storage-blob");
  readonly client: BlobServiceClient;
}>;

export function createBlobService(uri: string, credential: TokenCredential): BlobService {
  const retryOptions = { maxTries: 3, retryDelayInMs: 200, tryTimeoutInMs: 15_000 };
  let loaded: ReturnType<BlobService> | undefined;
  return () => {
    loaded ??= import("@azure/storage-blob").then((sdk) => ({
      sdk,
      client: new sdk.BlobServiceClient(uri, credential, { retryOptions }),
    }));
    return loaded;
  };
}

const SLICE = 64 * 1024;

/** In small pieces: one large write would be encrypted, and so copied, as a whole. */
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
        throw new AppError("CONFLICT", "The blob exists already.", { cause });
      throw new AppError("DEPENDENCY_UNAVAILABLE", `The container ${name} failed`, { cause, retryAfter: 5 });
    }
  }
  const unlessGone = <T>(cause: unknown, gone: T): T => {
    // A container that is not there is a fault of the deployment: nobody may take its pictures for deleted ones.
    if (statusOfSdkError(cause) === 404 && errorCodeOfSdkError(cause) !== "ContainerNotFound") return gone;
    throw cause;
  };

  return {
    write: (blob, { bytes, contentType, cacheControl, metadata = {} }, { once = false } = {}) =>
      guard(async () => {
        const { etag } = await (await at(blob)).upload(() => slices(bytes), bytes.byteLength, {
          ...bounded(),
          blobHTTPHeaders: { blobContentType: contentType, blobCacheControl: cacheControl },
          metadata,
          ...(once && { conditions: { ifNoneMatch: "*" } }),
        });
        return etag ?? "";
      }),
    etag: (blob) =>
      guard(async () => {
        const found = await (await at(blob))
          .getProperties(bounded())
          .catch((cause: unknown) => unlessGone(cause, undefined));
        return found?.etag;
      }),
    read: (blob) =>
      guard(async () => {
        const found = await (await at(blob))
          .download(0, undefined, bounded())
          .catch((cause: unknown) => unlessGone(cause, undefined));
        if (!found?.readableStreamBody) return undefined;
        const chunks: Buffer[] = [];
        for await (const chunk of found.readableStreamBody) chunks.push(Buffer.from(chunk));
        return { bytes: Buffer.concat(chunks), etag: found.etag ?? "" };
      }),
    remove: (blob) =>
      guard(async () => {
        await (await at(blob)).deleteIfExists(bounded());
      }),
  };
}

/** Asks for a container's properties. Rejects when it does not answer, and when there is no such container. */
export async function askContainer(service: BlobService, name: string, abortSignal: AbortSignal): Promise<void> {
  await (await service()).client.getContainerClient(name).getProperties({ abortSignal });
}
