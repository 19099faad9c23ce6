// Blobs of a container in memory, for models in virtual time: a BlobContainer whose calls are late or lost;
// memory-stores.test.ts compares it with Azurite.
import { AppError } from "../errors.ts";
import type { BlobContainer, BlobToWrite } from "./blobs.ts";
import type { Send } from "./memory-table.fixture.ts";

type StoredBlob = { readonly etag: string; readonly bytes: Buffer; readonly lastModified: number; readonly tags: Tags };
type Tags = Readonly<Record<string, string>>;
type Options = {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Called when the store has written a blob, with whether it replaced one. */
  readonly onWrite?: (name: string, isReplaced: boolean) => void;
};

export function createMemoryBlobs({ now = Date.now, onWrite = () => undefined }: Options = {}) {
  const blobs = new Map<string, StoredBlob>();
  let writes = 0;
  const named = (prefix: string) => [...blobs.keys()].filter((name) => name.startsWith(prefix)).sort();

  function write(name: string, { bytes, tags = {} }: Pick<BlobToWrite, "bytes" | "tags">, once: boolean): string {
    if (once && blobs.has(name)) throw new AppError("CONFLICT", "The blob already exists.");
    const isReplaced = blobs.has(name);
    const etag = `"0x${(++writes).toString(16).toUpperCase()}"`;
    blobs.set(name, { etag, bytes: Buffer.from(bytes), lastModified: Math.floor(now() / 1_000) * 1_000, tags });
    onWrite(name, isReplaced);
    return etag;
  }

  function connect(send: Send): BlobContainer {
    const call: Send = (apply) =>
      send(apply).catch((cause: unknown) => {
        if (cause instanceof AppError) throw cause;
        throw new AppError("DEPENDENCY_UNAVAILABLE", "The container is not available", { cause, retryAfter: 5 });
      });
    return {
      write(name, { bytes, tags = {} }, { once = false } = {}) {
        // The caller may free its bytes before a late call is applied.
        const sent = { bytes: Buffer.from(bytes), tags };
        return call(() => write(name, sent, once));
      },
      etag: (name) => call(() => blobs.get(name)?.etag),
      read: (name) =>
        call(() => {
          const stored = blobs.get(name);
          return stored && { bytes: Buffer.from(stored.bytes), etag: stored.etag };
        }),
      list: (prefix) => call(() => named(prefix).slice(0, 5_000)),
      page: ({ max, prefix = "", from = "" }) =>
        call(() => {
          const names = named(prefix).filter((name) => name > from);
          const page = names.slice(0, max).flatMap((name) => {
            const stored = blobs.get(name);
            return stored ? { name, etag: stored.etag, lastModified: stored.lastModified } : [];
          });
          return { blobs: page, next: names.length > max ? names[max - 1] : undefined };
        }),
      properties: (name) =>
        call(() => {
          const stored = blobs.get(name);
          return stored && { etag: stored.etag, size: stored.bytes.length, isReadable: true };
        }),
      readUnchanged: (name, { etag }) =>
        call(() => {
          const stored = blobs.get(name);
          if (stored?.etag !== etag) return undefined;
          const bytes = Buffer.from(new ArrayBuffer(stored.bytes.length));
          bytes.set(stored.bytes);
          return bytes;
        }),
      tags: (name) => call(() => blobs.get(name)?.tags),
      setTags: (name, tags) =>
        call(() => {
          const stored = blobs.get(name);
          if (stored) blobs.set(name, { ...stored, tags });
          return stored !== undefined;
        }),
      remove: (name, { etag } = {}) =>
        call(() => {
          if (etag === undefined || blobs.get(name)?.etag === etag) blobs.delete(name);
        }),
    };
  }
  return { connect, blobs };
}
