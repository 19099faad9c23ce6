// The trigger metadata of a blob trigger, as the real host fills it. Pure.
// azure-sdk-for-net, BlobTriggerBinding.cs, CreateBindingData
import type { BlobDownloadResponseParsed } from "@azure/storage-blob";
import type { TypedData } from "./messages.ts";

type BlobProperties = Pick<
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

type MetadataSource = {
  /** `container/name`. */
  readonly path: string;
  readonly uri: string;
  readonly found: BlobProperties;
  /** The values of the names in the path pattern. */
  readonly captured: Readonly<Record<string, string>>;
};

/** The JSON form of a .NET DateTimeOffset. */
const offset = (date: Date | undefined) => (date ?? new Date(0)).toISOString().replace(/\.\d+Z$/, "+00:00");

/**
 * @azure/functions converts the names to camel case and parses each value as JSON if it can: a name in the path that
 * captures `123` or `true` arrives as a number or a boolean.
 */
export function blobMetadata({ path, uri, found, captured }: MetadataSource): Record<string, TypedData> {
  const { metadata = {} } = found;
  const properties = {
    LastModified: offset(found.lastModified),
    CreatedOn: offset(found.createdOn),
    Metadata: metadata,
    BlobType: 0,
    ContentLength: found.contentLength ?? 0,
    ContentType: found.contentType ?? null,
    // Azure.ETag has no public properties, so the host's serializer writes an empty object.
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
    // A name in the path replaces the entry of the same name.
    ...Object.fromEntries(Object.entries(captured).map(([name, value]) => [name, { string: value }])),
  };
}
