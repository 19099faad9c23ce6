// Table clients for Cosmos DB for Table and for storage tables (Azurite speaks the latter).
import { setTimeout as sleep } from "node:timers/promises";
import { TableClient, type TableEntityQueryOptions, type TableServiceClientOptions } from "@azure/data-tables";
import type { TokenCredential } from "@azure/identity";
import { statusOfSdkError } from "./sdk-errors.ts";

export type { TableClient };

type Options = {
  readonly endpoint: string;
  readonly table: string;
  readonly credential: TokenCredential;
  /**
   * Retries of the SDK. Use zero for conditional writes: after a lost response, the retry gets 412 from its own first
   * attempt.
   */
  readonly retries: number;
};

type Policy = NonNullable<TableServiceClientOptions["additionalPolicies"]>[number]["policy"];

const RETRY_DELAY_MS = 100;
/** Rows of a page, unless the caller reads several before it works on them. */
const PAGE_SIZE = 100;

/** Cosmos DB sends 410 while it moves a partition and 449 under contention. Both mean try again; the SDK retries neither. */
function retryOnCosmos(retries: number): Policy {
  return {
    name: "retryOnCosmos",
    async sendRequest(request, next) {
      for (let attempt = 0; ; attempt++) {
        const response = await next(request);
        if ((response.status !== 410 && response.status !== 449) || attempt >= retries) return response;
        await sleep(RETRY_DELAY_MS * 2 ** attempt);
      }
    },
  };
}

/** Create one client per table and share it: it keeps its connections alive. */
export function createTableClient({ endpoint, table, credential, retries }: Options): TableClient {
  return new TableClient(endpoint, table, credential, {
    retryOptions: { maxRetries: retries, retryDelayInMs: RETRY_DELAY_MS, maxRetryDelayInMs: 1_000 },
    // Next to the transport: policies further out get an exception instead of the response.
    additionalPolicies: [{ policy: retryOnCosmos(retries), position: "perRetry" }],
  });
}

/**
 * The pages of a query. Each has its own time limit, because the caller may work long between two of them.
 * @param callMs milliseconds for one page; then the iteration rejects
 */
export async function* pagesOf<T extends object>(
  client: TableClient,
  queryOptions: TableEntityQueryOptions,
  callMs: number,
  pageSize = PAGE_SIZE,
) {
  let continuationToken: string | undefined;
  do {
    const abortSignal = AbortSignal.timeout(callMs);
    const pages = client.listEntities<T>({ abortSignal, queryOptions }).byPage({
      maxPageSize: pageSize,
      ...(continuationToken && { continuationToken }),
    });
    const { value: page, done } = await pages.next();
    if (done) return;
    yield page;
    continuationToken = page.continuationToken;
  } while (continuationToken);
}

/** Queries a row that never exists. Rejects when the table does not respond or does not exist. */
export async function checkTable(client: TableClient, abortSignal: AbortSignal): Promise<void> {
  // A query, since a point read returns 404 both for a missing row and for a missing table.
  const filter = "PartitionKey eq 'health' and RowKey eq 'health'";
  await client.listEntities({ abortSignal, queryOptions: { filter } }).next();
}

/** No row has it: it is older than the store. */
const PAST_ETAG = "W/\"datetime'1900-01-01T00%3A00%3A00.0000000Z'\"";

/**
 * Whether a row exists, for use after a read returned 404, since a read may be stale (docs/decisions/018). A write meets the
 * current row; this one changes nothing, as its ETag is never current. Rejects also when the table does not exist.
 */
export async function rowExists(
  client: TableClient,
  keys: { readonly partitionKey: string; readonly rowKey: string },
  callMs: number,
): Promise<boolean> {
  const options = { abortSignal: AbortSignal.timeout(callMs), etag: PAST_ETAG };
  const cause = await client.updateEntity(keys, "Replace", options).catch((thrown: unknown) => thrown);
  const status = statusOfSdkError(cause);
  if (status === 412) return true;
  if (status !== 404) throw cause;
  // A missing table gives the same 404.
  await checkTable(client, AbortSignal.timeout(callMs));
  return false;
}
