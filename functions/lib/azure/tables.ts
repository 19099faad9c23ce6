// Table clients for Cosmos DB for Table and for storage tables (Azurite speaks the latter).
import { TableClient } from "@azure/data-tables";
import type { TokenCredential } from "@azure/identity";

export type { TableClient };

type Options = {
  readonly endpoint: string;
  readonly table: string;
  readonly credential: TokenCredential;
  /**
   * How often the SDK repeats a call that failed. Zero for whoever must know whether a write was applied: a repetition
   * of a conditional write meets its own first attempt and is told 412.
   */
  readonly retries: number;
};

/** The client keeps its connections alive, so one is built per table and used by all. */
export function createTableClient({ endpoint, table, credential, retries }: Options): TableClient {
  return new TableClient(endpoint, table, credential, {
    retryOptions: { maxRetries: retries, retryDelayInMs: 100, maxRetryDelayInMs: 1_000 },
  });
}

/** Asks the table for rows that nobody writes. Rejects when it does not answer, and when there is no such table. */
export async function checkTable(client: TableClient, abortSignal: AbortSignal): Promise<void> {
  // Not by reading a row: the answer to that is 404, whether it is the row that is missing or the table.
  const filter = "PartitionKey eq 'health' and RowKey eq 'health'";
  await client.listEntities({ abortSignal, queryOptions: { filter } }).next();
}
