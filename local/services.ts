// The local Azure as one thing to start and stop: certificate, storage, identity, vault, and the settings that lead there.
import { randomBytes } from "node:crypto";
import { TableServiceClient } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { containers, SITE_CONTAINER, tables } from "../functions/lib/names.ts";
import { ACCOUNT, type Azurite, SITE_ACCOUNT, startAzurite } from "./azurite.ts";
import { type BlobEvents, startBlobEvents } from "./blob-events.ts";
import { type Certificate, loadCertificate } from "./certificate.ts";
import { type DataDir, openDataDir } from "./data-dir.ts";
import { issueToken, readAudience, startIdentity } from "./identity.ts";
import { LOOPBACK } from "./listen.ts";
import { startVault } from "./vault.ts";

export type ServicePorts = { blob: number; queue: number; table: number; identity: number; vault: number };

export type Services = {
  /** The settings with which the app's process reaches every service by its managed identity. */
  env: Record<string, string>;
  certificate: Certificate;
  /** Blob writes in the media account. */
  events: BlobEvents;
  /** The audience of a token of the local identity; undefined for any other text. */
  audienceOf(token: string): string | undefined;
  close(): Promise<void>;
};

export type ServicesOptions = {
  /** A path, which is opened and released here, or a data dir that the caller has opened. */
  dataDir: string | DataDir;
  /** @default any free port for each service */
  ports?: Partial<ServicePorts>;
  /** Keeps blobs, queues and tables in memory: for tests. */
  inMemory?: boolean;
  /** A running one, with the certificate of the data dir, which stays open: for tests. @default one of its own */
  azurite?: Azurite;
  /** Called with one line if storage ends unexpectedly. */
  onExit?: (line: string) => void;
};

/**
 * Starts all services on loopback.
 * @throws {Error} one line if a service cannot start; none is left running
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { dataDir, ports = {}, inMemory, onExit } = options;
  const dir = typeof dataDir === "string" ? openDataDir(dataDir) : dataDir;
  const closing: (() => Promise<void>)[] = [];
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= Promise.all(closing.map((each) => each())).then(() => {
      if (dir !== dataDir) dir.release();
    });
    return closed;
  };

  try {
    const certificate = await loadCertificate(dir.certificate);
    // Only the identity and the vault know it, so no other process can forge a token for the vault.
    const secret = randomBytes(32);
    const { queue, table } = ports;
    const azurite =
      options.azurite ??
      (await startAzurite({
        certificate,
        ports: { ...(queue && { queue }), ...(table && { table }) },
        location: inMemory ? undefined : dir.azurite,
      }));
    if (azurite !== options.azurite) closing.push(azurite.close);
    azurite.exited.then((output) => {
      if (!closed) onExit?.(`Storage (Azurite) ended unexpectedly. Its last output: ${output || "none"}`);
    });
    const identity = await startIdentity({ secret, port: ports.identity });
    closing.push(identity.close);
    const vault = await startVault({ file: dir.vault, certificate, secret, port: ports.vault });
    closing.push(vault.close);

    const storage = (port: number) => `https://${LOOPBACK}:${port}/${ACCOUNT}`;
    const events = await startBlobEvents({ target: storage(azurite.ports.blob), certificate, port: ports.blob });
    closing.push(events.close);
    const [blobsUri, queuesUri, tablesUri] = [events.uri, storage(azurite.ports.queue), storage(azurite.ports.table)];
    const siteUri = new URL(`/${SITE_ACCOUNT}`, blobsUri).href;
    await createStores({ tablesUri, blobsUri, siteUri, ca: certificate.cert, secret });
    const env = {
      STAGE: "local",
      ...identity.env,
      NODE_EXTRA_CA_CERTS: certificate.certPath,
      AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential",
      // Core Tools keeps its own state there.
      AzureWebJobsStorage__blobServiceUri: blobsUri,
      AzureWebJobsStorage__queueServiceUri: queuesUri,
      AzureWebJobsStorage__tableServiceUri: tablesUri,
      AzureWebJobsStorage__credential: "managedidentity",
      TABLES_ENDPOINT: tablesUri,
      MEDIA__blobServiceUri: blobsUri,
      MEDIA__queueServiceUri: queuesUri,
      MEDIA__credential: "managedidentity",
      SITE_BLOB_ENDPOINT: siteUri,
      // The page of Core Tools. The local host replaces it by its own address.
      SITE_URL: "http://localhost:7071/",
      VAULT_URI: vault.uri,
    };
    return { env, certificate, events, audienceOf: (token) => readAudience(token, secret), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Stores = { tablesUri: string; blobsUri: string; siteUri: string; ca: string; secret: Buffer };

/** Creates missing tables and containers, as Terraform does in Azure. The app's identity has no permission for that. */
async function createStores({ tablesUri, blobsUri, siteUri, ca, secret }: Stores): Promise<void> {
  const expires = Math.floor(Date.now() / 1000) + 3_600;
  // Azurite accepts the audience of storage for tables too, which is what the SDK requests.
  const token = issueToken({ audience: "https://storage.azure.com", clientId: "provision", expires, secret });
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: expires * 1000 }) };
  // The SDK for blobs passes these options on, although its types do not name them.
  const options = { tlsOptions: { ca }, retryOptions: {} };
  const tableService = new TableServiceClient(tablesUri, credential, options);
  for (const name of Object.values(tables)) await tableService.createTable(name);
  const blobService = new BlobServiceClient(blobsUri, credential, options);
  for (const name of Object.values(containers)) await blobService.getContainerClient(name).createIfNotExists();
  // Azure creates it when the website is turned on.
  await new BlobServiceClient(siteUri, credential, options).getContainerClient(SITE_CONTAINER).createIfNotExists();
}
