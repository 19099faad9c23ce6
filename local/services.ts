// The local Azure as one thing to start and stop: certificate, storage, identity and vault, and the settings that lead to them.
import { randomBytes } from "node:crypto";
import { ACCOUNT, startAzurite } from "./azurite.ts";
import { type BlobEvents, startBlobEvents } from "./blob-events.ts";
import { type Certificate, loadCertificate } from "./certificate.ts";
import { type DataDir, openDataDir } from "./data-dir.ts";
import { issueToken, readAudience, startIdentity } from "./identity.ts";
import { LOOPBACK } from "./listen.ts";
import { provision } from "./provision.ts";
import { startVault } from "./vault.ts";

export type ServicePorts = { blob: number; queue: number; table: number; identity: number; vault: number };

export type Services = {
  /** What the app's process needs to reach everything with its managed identity. */
  env: Record<string, string>;
  certificate: Certificate;
  /** Of the media account: each write of a blob, whoever makes it. */
  events: BlobEvents;
  /** What a token of the identity is for; undefined for every other text. */
  audienceOf(token: string): string | undefined;
  close(): Promise<void>;
};

export type ServicesOptions = {
  /** A path, which is opened and released here, or a data dir that the caller has open. */
  dataDir: string | DataDir;
  /** Free ports are taken for those not given. */
  ports?: Partial<ServicePorts>;
  /** Keeps blobs, queues and tables in memory: for tests. */
  inMemory?: boolean;
  log?: (line: string) => void;
  /** Called with one line if storage ends while it should run. */
  onExit?: (line: string) => void;
};

/** Starts all services on loopback. Throws one readable line, with nothing left running, if one cannot start. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const dir = typeof options.dataDir === "string" ? openDataDir(options.dataDir) : options.dataDir;
  const { ports = {}, log = () => {} } = options;
  const closing: (() => Promise<void>)[] = [];
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= Promise.all(closing.map((each) => each())).then(() => {
      if (dir !== options.dataDir) dir.release();
    });
    return closed;
  };

  try {
    const certificate = await loadCertificate(dir.certificate);
    // Known to the identity and the vault alone: a token for the vault cannot be made up.
    const secret = randomBytes(32);
    const { blob, ...others } = ports;
    const location = options.inMemory ? undefined : dir.azurite;
    const azurite = await startAzurite({ certificate, ports: others, location });
    closing.push(azurite.close);
    azurite.exited.then((words) => {
      if (!closed) options.onExit?.(`Storage (Azurite) ended unexpectedly. It said: ${words || "nothing"}`);
    });
    const identity = await startIdentity({ secret, ...given(ports.identity) });
    closing.push(identity.close);
    const vault = await startVault({ file: dir.vault, certificate, secret, ...given(ports.vault) });
    closing.push(vault.close);

    const storage = (port: number) => `https://${LOOPBACK}:${port}/${ACCOUNT}`;
    const events = await startBlobEvents({ target: storage(azurite.ports.blob), certificate, ...given(blob) });
    closing.push(events.close);
    const [blobsUri, queuesUri, tablesUri] = [events.uri, storage(azurite.ports.queue), storage(azurite.ports.table)];
    await provision({
      tablesUri,
      blobsUri,
      ca: certificate.cert,
      token: (audience) =>
        issueToken({ audience, clientId: "provision", expires: Math.floor(Date.now() / 1000) + 3_600, secret }),
    });
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
      VAULT_URI: vault.uri,
    };
    for (const [name, value] of Object.entries(env)) if (value.startsWith("http")) log(`${name}=${value}`);
    return { env, certificate, events, audienceOf: (token) => readAudience(token, secret), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function given(port: number | undefined): { port?: number } {
  return port === undefined ? {} : { port };
}
