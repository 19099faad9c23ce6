// An intake on the tests' Azurite, directly or through a fault proxy, and what an owner has stored there.
import { randomUUID } from "node:crypto";
import { BlobServiceClient } from "@azure/storage-blob";
import { createBlobService } from "../lib/azure/blob-service.ts";
import { type BlobContainer, createBlobContainer } from "../lib/azure/blobs.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createMemoryBlobs } from "../lib/azure/memory-blobs.fixture.ts";
import { createMemoryTable, sendAtOnce } from "../lib/azure/memory-table.fixture.ts";
import { createTableClient, type TableClient } from "../lib/azure/tables.ts";
import { createDecoder } from "../lib/decode/decoder.ts";
import { type Meter, silentMeter } from "../lib/meter.ts";
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

const MAX_PIXELS = 50_000_000;

type Stores = {
  readonly table: TableClient;
  readonly originals: BlobContainer;
  readonly maxPixels?: number;
  readonly meter?: Meter;
};

function intakeOn({ table, originals, maxPixels = MAX_PIXELS, meter = silentMeter }: Stores) {
  const records = createImageRecords(table);
  const duplicates = createDuplicates(table, records);
  const decoder = createDecoder({ maxPixels });
  const intake = createIntake({ originals, records, duplicates, decoder, meter, maxBytes: 10_000_000 });
  return { records, originals, duplicates, intake };
}

export const openIntake = ({
  blobs = blobsUri,
  endpoint = tablesEndpoint,
  ...options
}: { readonly blobs?: string; readonly endpoint?: string } & Pick<Stores, "maxPixels" | "meter"> = {}) =>
  intakeOn({ ...options, table: openTable(endpoint), originals: openContainer(containers.images, blobs) });

/** For tests of many images whose outcome does not depend on the stores. */
export function openMemoryIntake() {
  const table = createMemoryTable();
  const { intake, originals } = intakeOn({
    table: table.connect(sendAtOnce),
    originals: createMemoryBlobs().connect(sendAtOnce),
  });
  /** All rows, and the names of all originals. */
  const stored = async () => ({ records: table.rows(), blobs: await originals.list("") });
  return { intake, stored };
}

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
