// How Cosmos DB for Table differs from Azurite when it is read: rows as they were some time ago, lists in no order, and one
// error code for a missing row and a missing table. The fault proxy changes Azurite's responses accordingly.
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export type StoreResponse = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
};

export const isTableCall = (headers: IncomingHttpHeaders) => headers.dataserviceversion !== undefined;

/**
 * Recorded from Cosmos DB, for a row and for a table, without the header x-ms-error-code.
 * https://github.com/Azure/azure-sdk-for-python/tree/6cf90d3b7b484f029e3502f48f5ce129f027f724/sdk/tables/azure-data-tables/tests/recordings
 */
const notFound: StoreResponse = {
  status: 404,
  headers: { "content-type": "application/json;odata=minimalmetadata" },
  bytes: Buffer.from(
    JSON.stringify({
      "odata.error": {
        code: "ResourceNotFound",
        message: { lang: "en-us", value: "The specified resource does not exist.\n" },
      },
    }),
  ),
};

const hash = (row: unknown) => createHash("sha256").update(JSON.stringify(row)).digest("hex");

/** The list in an order that has nothing to do with the keys, and is the same at every call. */
function unsorted(bytes: Buffer): Buffer {
  const { value, ...rest } = JSON.parse(bytes.toString());
  if (!Array.isArray(value)) return bytes;
  const rows = value.map((row) => ({ row, key: hash(row) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  return Buffer.from(JSON.stringify({ ...rest, value: rows.map(({ row }) => row) }));
}

/** Azurite's response to a table call, as Cosmos DB would send it. */
export function asCosmosSends(response: StoreResponse): StoreResponse {
  // The length changes with the body.
  const { "x-ms-error-code": _code, "content-length": _length, ...headers } = response.headers;
  if (response.status === 404) return { ...notFound, headers: { ...headers, ...notFound.headers } };
  const isJson = response.status === 200 && headers["content-type"]?.includes("json");
  return { ...response, headers, bytes: isJson ? unsorted(response.bytes) : response.bytes };
}

/** Table and keys of the row that a call names; undefined for other calls. */
export function rowOf({ method, url, body }: { method: string; url: string; body: Buffer }): string | undefined {
  const path = decodeURIComponent(url.split("?")[0] ?? "");
  const [, table, partition, row] = /([^/]+)\(PartitionKey='(.*)',RowKey='(.*)'\)$/s.exec(path) ?? [];
  if (table !== undefined) return JSON.stringify([table, partition?.replaceAll("''", "'"), row?.replaceAll("''", "'")]);
  if (method !== "POST" || body.length === 0) return undefined;
  const { PartitionKey, RowKey } = JSON.parse(body.toString());
  return RowKey === undefined ? undefined : JSON.stringify([path.split("/").at(-1), PartitionKey, RowKey]);
}

/** A replica that lags behind: the earlier versions of rows, and until when each was current. */
export function createReplica(lagMs: number) {
  const versions = new Map<string, { until: number; response: StoreResponse }[]>();
  return {
    /** Call it after a write, with the response to a read before it; undefined for a row that did not exist. */
    supersede(row: string, before: StoreResponse | undefined): void {
      versions.set(row, [...(versions.get(row) ?? []), { until: Date.now(), response: before ?? notFound }]);
    },
    /** The row as the replica has it, when that is an earlier version. */
    read(row: string): StoreResponse | undefined {
      const stale = versions.get(row)?.find(({ until }) => until > Date.now() - lagMs)?.response;
      return stale && { ...stale, headers: { ...stale.headers, date: new Date().toUTCString() } };
    },
  };
}
export type Replica = ReturnType<typeof createReplica>;
