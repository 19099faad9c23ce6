// Storage of the backends of one process: one Azurite, emptied for each, and seeded by a copy of what the first seed wrote.
// Its start and the seed take more than a second of CPU time, which every test file would spend.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TableClient, TableServiceClient } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { tables } from "../functions/lib/names.ts";
import { ACCOUNT, type Azurite, SITE_ACCOUNT, startAzurite } from "./azurite.ts";
import { type Certificate, loadCertificate } from "./certificate.ts";
import type { DataDir } from "./data-dir.ts";
import { issueToken } from "./identity.ts";
import { LOOPBACK } from "./listen.ts";

type Row = { partitionKey: string; rowKey: string };
/** What seed-entity wrote. */
type Seed = { readonly rows: readonly (readonly [table: string, row: Row])[]; readonly password: string };

type Storage = { readonly azurite: Azurite; readonly folder: string; readonly certificate: Certificate };
type State = { storage?: Promise<Storage>; seed?: Seed; isInUse: boolean };

/** One for the process, also when test files load this module again. */
const KEY = Symbol.for("vitae.shared-storage");
const global = globalThis as { [KEY]?: State };
global[KEY] ??= { isInUse: false };
const state = global[KEY];

async function start(): Promise<Storage> {
  const folder = mkdtempSync(join(tmpdir(), "vitae-storage-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const certificate = await loadCertificate(join(folder, "certificate"));
  const azurite = await startAzurite({ certificate, location: undefined });
  // It ends with this process, and must not keep it alive.
  azurite.unref();
  return { azurite, folder, certificate };
}

/** Azurite does not check who signed a token. */
function clientOptions({ cert }: Certificate) {
  const expires = Math.floor(Date.now() / 1000) + 3_600;
  const claims = { audience: "https://storage.azure.com", clientId: "test", expires, secret: Buffer.alloc(32) };
  const credential = { getToken: async () => ({ token: issueToken(claims), expiresOnTimestamp: expires * 1000 }) };
  // The SDKs pass these on, although their types do not name them.
  return { credential, options: { tlsOptions: { ca: cert }, retryOptions: {} } };
}
const uriOf = (port: number, account = ACCOUNT) => `https://${LOOPBACK}:${port}/${account}`;

async function empty({ azurite: { ports }, certificate }: Storage): Promise<void> {
  const { credential, options } = clientOptions(certificate);
  const tables = new TableServiceClient(uriOf(ports.table), credential, options);
  for await (const { name = "" } of tables.listTables()) await tables.deleteTable(name);
  const queues = new QueueServiceClient(uriOf(ports.queue), credential, options);
  for await (const { name } of queues.listQueues()) await queues.deleteQueue(name);
  for (const account of [ACCOUNT, SITE_ACCOUNT]) {
    const blobs = new BlobServiceClient(uriOf(ports.blob, account), credential, options);
    for await (const { name } of blobs.listContainers()) await blobs.deleteContainer(name);
  }
}

export type SharedStorage = {
  readonly azurite: Azurite;
  /** The owner's password, once seeded. */
  readonly password: string | undefined;
  /** Writes the seeded rows; the tables exist and are empty. */
  restore(): Promise<void>;
  /** Keeps what seed-entity wrote to the tables and to the vault of this data dir, for the next backends. */
  keepSeed(dataDir: DataDir, password: string): Promise<void>;
  release(): void;
};

/**
 * Empties the storage for a backend, and gives its data dir the certificate and the secrets of the seed.
 * @throws {Error} while another backend of this process uses it
 */
export async function takeStorage(dataDir: DataDir): Promise<SharedStorage> {
  if (state.isInUse) throw new Error("One process runs one backend at a time: close the other one, or use addHost().");
  state.isInUse = true;
  state.storage ??= start();
  const storage = await state.storage;
  const { azurite, certificate, folder } = storage;
  await empty(storage);
  cpSync(join(folder, "certificate"), dataDir.certificate, { recursive: true });
  const vault = join(folder, "vault");
  if (state.seed) cpSync(vault, dataDir.vault);
  const { credential, options } = clientOptions(certificate);
  const open = (table: string) => new TableClient(uriOf(azurite.ports.table), table, credential, options);
  return {
    azurite,
    password: state.seed?.password,
    async restore() {
      for (const [table, row] of state.seed?.rows ?? []) await open(table).createEntity(row);
    },
    async keepSeed(dataDir, password) {
      const rows: [string, Row][] = [];
      // Without conversion the types of all numbers stay as they are.
      for (const table of Object.values(tables))
        for await (const row of open(table).listEntities({ disableTypeConversion: true })) {
          const { etag, timestamp, "odata.metadata": metadata, ...columns } = row as Row & Record<string, unknown>;
          rows.push([table, columns as Row]);
        }
      cpSync(dataDir.vault, vault);
      state.seed = { rows, password };
    },
    release() {
      state.isInUse = false;
    },
  };
}
