// Table clients for Cosmos DB for Table and for storage tables (Azurite speaks the latter).
import { TableClient } from "@azure/data-tables";
import type { TokenCredential } from "@azure/identity";

export type { TableClient };

/**
 * A client that sends each call once. A conditional write whose answer is lost must not be repeated by the SDK: the
 * repetition would meet its own first attempt and be told 412. Who calls decides what a failure means.
 * The client keeps its connections alive, so one is built per table and used by all.
 */
export function createTableClient(endpoint: string, table: string, credential: TokenCredential): TableClient {
  return new TableClient(endpoint, table, credential, { retryOptions: { maxRetries: 0 } });
}
