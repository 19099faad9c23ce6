// The stores in memory of the models against Azurite: the same random calls have the same results.
import { randomUUID } from "node:crypto";
import { BlobServiceClient } from "@azure/storage-blob";
import fc from "fast-check";
import { afterAll, beforeAll, it } from "vitest";
import { tables } from "../names.ts";
import { blobsUri, tablesEndpoint } from "../test-services.fixture.ts";
import { blobCall, callBlobs } from "./blob-calls.fixture.ts";
import { createBlobService } from "./blob-service.ts";
import { createBlobContainer } from "./blobs.ts";
import { createCredential } from "./credential.ts";
import { createMemoryBlobs } from "./memory-blobs.fixture.ts";
import { createMemoryTable, sendAtOnce } from "./memory-table.fixture.ts";
import { compare, options, timeout } from "./store-contract.fixture.ts";
import { callTable, tableCall } from "./table-calls.fixture.ts";
import { createTableClient } from "./tables.ts";

const credential = createCredential(undefined);
const container = `contract-${randomUUID()}`;
const azurite = new BlobServiceClient(blobsUri, credential).getContainerClient(container);

beforeAll(async () => {
  await azurite.create();
});
afterAll(async () => {
  await azurite.delete();
});

const storeCall = fc.oneof(
  fc.record({ store: fc.constant("table" as const), call: tableCall }),
  fc.record({ store: fc.constant("container" as const), call: blobCall }),
);
/** Each calls both. */
const sequences = fc
  .array(storeCall, { minLength: 2, maxLength: 7 })
  .filter((calls) => new Set(calls.map(({ store }) => store)).size === 2);

it("a table and a container in memory have the results of Azurite", { timeout }, async () => {
  const table = createTableClient({
    endpoint: tablesEndpoint,
    table: tables.images,
    credential,
    retries: 0,
  });
  const blobs = createBlobContainer(createBlobService(blobsUri, credential), container);
  const law = fc.asyncProperty(sequences, async (calls) => {
    const [partitionKey, prefix] = [`contract-${randomUUID()}`, `${randomUUID()}/`];
    const stores = [
      { table: createMemoryTable().connect(sendAtOnce), blobs: createMemoryBlobs().connect(sendAtOnce) },
      { table, blobs },
    ] as const;
    await compare(calls, (index, etags, each) =>
      each.store === "table"
        ? callTable(stores[index].table, { partitionKey, etags }, each.call)
        : callBlobs(stores[index].blobs, { prefix, etags }, each.call),
    );
    const written = calls.flatMap(({ call }) => (call.name === "write" ? call.key : []));
    await Promise.all([...new Set(written)].map((name) => blobs.remove(`${prefix}${name}`)));
  });
  await fc.assert(law, options);
});
