// The data actions that each table call needs. Their union is the app's data role on Cosmos DB.

const PREFIX = "Microsoft.DocumentDB/databaseAccounts";
const entities = (verb: string) => `${PREFIX}/tables/containers/entities/${verb}`;

/**
 * The methods of TableClient that the functions call, with the data actions of each. A test compares the list with the
 * code. https://learn.microsoft.com/azure/cosmos-db/table/reference-data-plane-security
 */
export const storeCalls = {
  createEntity: [entities("create")],
  getEntity: [entities("read")],
  // In mode Replace, under an ETag.
  updateEntity: [entities("replace")],
  upsertEntity: [entities("upsert")],
  deleteEntity: [entities("delete")],
  listEntities: [`${PREFIX}/tables/containers/executeQuery`, entities("read")],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Includes readMetadata, which every client calls first. */
export const dataActions = [...new Set([`${PREFIX}/readMetadata`, ...Object.values(storeCalls).flat()])].sort();
