// Table clients for Cosmos DB for Table and for storage tables (Azurite speaks the latter).
import { TableClient } from "@azure/data-tables";
import type { TokenCredential } from "@azure/identity";

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

/** Create one client per table and share it: it keeps its connections alive. */
export function createTableClient({ endpoint, table, credential, retries }: Options): TableClient {
  return new TableClient(endpoint, table, credential, {
    retryOptions: { maxRetries: retries, retryDelayInMs: 100, maxRetryDelayInMs: 1_000 },
  });
}

/** Queries a row that never exists. Rejects when the table does not respond or does not exist. */
export async function checkTable(client: TableClient, abortSignal: AbortSignal): Promise<void> {
  // A query, since a point read returns 404 both for a missing row and for a missing table.
  const filter = "PartitionKey eq 'health' and RowKey eq 'health'";
  await client.listEntities({ abortSignal, queryOptions: { filter } }).next();
}
