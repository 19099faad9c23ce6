// The trigger metadata of a blob trigger, as the real host gives it. Pure.
// azure-sdk-for-net, BlobTriggerBinding.cs, CreateBindingData
import type { BlobDownloadResponseParsed } from "@azure/storage-blob";
import type { TypedData } from "./messages.ts";

type Found = Pick<
  BlobDownloadResponseParsed,
  | "lastModified"
  | "createdOn"
  | "metadata"
  | "contentLength"
  | "contentType"
  | "contentMD5"
  | "contentEncoding"
  | "contentDisposition"
  | "contentLanguage"
  | "cacheControl"
>;

type Parts = {
  /** `container/name`. */
  readonly path: string;
  readonly uri: string;
  readonly found: Found;
  /** What the names in the path pattern stand for. */
  readonly captured: Readonly<Record<string, string>>;
};

/** As .NET writes a DateTimeOffset in JSON. */
const offset = (date: Date | undefined) => (date ?? new Date(0)).toISOString().replace(/\.\d+Z$/, "+00:00");

/**
 * @azure/functions makes the names camel case, and reads as JSON what can be read so: a name in the path that captures
 * `123` or `true` arrives as a number or a boolean.
 */
export function blobMetadata({ path, uri, found, captured }: Parts): Record<string, TypedData> {
  const { metadata = {} } = found;
  const properties = {
    LastModified: offset(found.lastModified),
    CreatedOn: offset(found.createdOn),
    Metadata: metadata,
    BlobType: 0,
    ContentLength: found.contentLength ?? 0,
    ContentType: found.contentType ?? null,
    // Azure.ETag has no public properties, and so the host's serializer writes nothing of it.
    ETag: {},
    ContentHash: found.contentMD5 ? Buffer.from(found.contentMD5).toString("base64") : null,
    ContentEncoding: found.contentEncoding ?? null,
    ContentDisposition: found.contentDisposition ?? null,
    ContentLanguage: found.contentLanguage ?? null,
    CacheControl: found.cacheControl ?? null,
  };
  return {
    BlobTrigger: { string: path },
    Uri: { json: JSON.stringify(uri) },
    Properties: { json: JSON.stringify(properties) },
    Metadata: { json: JSON.stringify(metadata) },
    // A name in the path that is called like one of these stands in its place.
    ...Object.fromEntries(Object.entries(captured).map(([name, value]) => [name, { string: value }])),
  };
}
