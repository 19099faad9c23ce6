// Which calls of the blob service write a blob, as Event Grid counts them: its BlobCreated events. Pure.
// https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage#list-of-events-for-blob-rest-apis
import type { BlobWrite } from "./host/blob-writes.ts";

type Call = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly status: number;
  readonly etag: string | undefined;
};

const BLOB_TYPES = ["BlockBlob", "PageBlob", "AppendBlob"] as const;

/** What was written; undefined for a call that failed, or did not make or replace a blob's content as a whole. */
export function blobWriteOf({ method, url, headers, status, etag }: Call): BlobWrite | undefined {
  if (method !== "PUT" || (status !== 201 && status !== 202)) return undefined;
  const { pathname, searchParams } = new URL(url, "https://blobs");
  // Put Blob and the copies have no comp; Put Block, properties, metadata, tags and leases have another.
  const operation = searchParams.get("comp") ?? "";
  if (searchParams.has("restype") || (operation !== "" && operation !== "blocklist")) return undefined;
  const [, _account, container, ...name] = pathname.split("/").map(decodeURIComponent);
  if (!container || name.length === 0) return undefined;
  const type = BLOB_TYPES.find((each) => each === headers["x-ms-blob-type"]) ?? "BlockBlob";
  return { container, name: name.join("/"), etag: etag ?? "", type };
}
