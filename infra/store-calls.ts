// What each call of the table store is allowed by: the app's data role on Cosmos is their union and nothing else.

const PREFIX = "Microsoft.DocumentDB/databaseAccounts";
const entities = (verb: string) => `${PREFIX}/tables/containers/entities/${verb}`;

/**
 * Methods of TableClient that the functions call, and the data actions of each; a test holds the list against the
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

/** Every client asks for the account's own description first. */
export const dataActions = [...new Set([`${PREFIX}/readMetadata`, ...Object.values(storeCalls).flat()])].sort();
