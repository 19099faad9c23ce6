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

const continuation = { pk: "x-ms-continuation-nextpartitionkey", rk: "x-ms-continuation-nextrowkey" };
/** In place of a key of Azurite: the next key is then the place in our order. */
const CUT = "cut";

/**
 * One page of a query, cut from all its rows in an order that has nothing to do with their keys. It is the same order for
 * every page, whatever other rows come and go.
 * @param url path and query of the request
 * @param size rows of the page; zero makes an empty page with a continuation token
 */
export async function cutPage(
  url: string,
  size: number,
  send: (url: string) => Promise<StoreResponse>,
): Promise<StoreResponse> {
  const target = new URL(url, "http://store");
  const { searchParams } = target;
  const after = searchParams.get("NextRowKey") ?? "";
  const most = Math.min(size, Number(searchParams.get("$top") ?? 1_000));
  searchParams.delete("$top");
  const rows: { row: unknown; place: string }[] = [];
  let response: StoreResponse;
  let [partition, row] = ["", ""];
  do {
    for (const name of ["NextPartitionKey", "NextRowKey"]) searchParams.delete(name);
    if (partition) searchParams.set("NextPartitionKey", partition);
    if (row) searchParams.set("NextRowKey", row);
    response = await send(`${target.pathname}${target.search}`);
    if (response.status !== 200) return response;
    for (const each of JSON.parse(response.bytes.toString()).value)
      rows.push({ row: each, place: hash([each.PartitionKey, each.RowKey]) });
    [partition, row] = [
      String(response.headers[continuation.pk] ?? ""),
      String(response.headers[continuation.rk] ?? ""),
    ];
  } while (partition);
  const rest = rows.filter(({ place }) => place > after).sort((a, b) => (a.place < b.place ? -1 : 1));
  const page = rest.slice(0, most);
  const hasMore = most === 0 || rest.length > page.length;
  const headers = { ...response.headers };
  delete headers[continuation.pk];
  delete headers[continuation.rk];
  if (hasMore)
    Object.assign(headers, { [continuation.pk]: CUT, [continuation.rk]: page.at(-1)?.place ?? (after || "0") });
  const value = page.map((each) => each.row);
  return { ...response, headers, bytes: Buffer.from(JSON.stringify({ value })) };
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
