// An intake on the tests' Azurite, directly or through a fault proxy, and what an owner has stored there.
import { randomUUID } from "node:crypto";
import { BlobServiceClient } from "@azure/storage-blob";
import { createBlobService } from "../lib/azure/blob-service.ts";
import { createBlobContainer } from "../lib/azure/blobs.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createTableClient } from "../lib/azure/tables.ts";
import { createDecoder } from "../lib/decode/decoder.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers, tables } from "../lib/names.ts";
import { blobsUri, tablesEndpoint } from "../lib/test-services.fixture.ts";
import { createDuplicates } from "./duplicates.ts";
import { createImageRecords } from "./image-records.ts";
import { createIntake } from "./intake.ts";

const credential = createCredential(undefined);
const sdk = new BlobServiceClient(blobsUri, credential).getContainerClient(containers.images);

export const openTable = (endpoint = tablesEndpoint, table: string = tables.images) =>
  createTableClient({ endpoint, table, credential, retries: 2 });
export const openContainer = (name: string, uri = blobsUri) =>
  createBlobContainer(createBlobService(uri, credential), name);
export const newOwner = () => `test-${randomUUID()}`;

export function openIntake({
  maxPixels = 50_000_000,
  blobs = blobsUri,
  endpoint = tablesEndpoint,
  meter = silentMeter,
} = {}) {
  const records = createImageRecords(openTable(endpoint));
  const originals = openContainer(containers.images, blobs);
  const duplicates = createDuplicates(openTable(endpoint), records);
  const decoder = createDecoder({ maxPixels: maxPixels });
  return {
    records,
    originals,
    duplicates,
    intake: createIntake({ originals, records, duplicates, decoder, meter, maxBytes: 10_000_000 }),
  };
}

/** Ids of the records and names of the originals of an owner. */
/** Ids of the owner's records, without those whose deletion has removed the blobs, and names of the originals. */
export async function storedBy(owner: string) {
  const records: string[] = [];
  const rows = openTable().listEntities<{ owner: string; isEmptied?: boolean }>({
    queryOptions: { filter: `owner eq '${owner}'` },
  });
  for await (const row of rows) if (!row.isEmptied) records.push(row.rowKey as string);
  const blobs: string[] = [];
  for await (const { name } of sdk.listBlobsFlat({ prefix: `${owner}/` })) blobs.push(name);
  return { records, blobs };
}

export const tagsOf = async (name: string) => (await sdk.getBlobClient(name).getTags()).tags;
/** For tests in which no image is public. */
export const unusedPublisher = {
  announce: () => Promise.reject(new Error("No image of this test is public")),
  sync: () => Promise.reject(new Error("No image of this test is public")),
  reconcile: async () => undefined,
};

export const propertiesOf = (name: string) => sdk.getBlobClient(name).getProperties();
