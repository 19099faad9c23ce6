// The local services of Azure that all unit tests share, as scripts/vitest-services.ts has started them.
import { dirname } from "node:path";
import { loadCertificate } from "../../local/certificate.ts";
import { type FaultProxy, startFaultProxy } from "../../local/fault-proxy.fixture.ts";

const {
  TABLES_ENDPOINT = "",
  MEDIA__blobServiceUri = "",
  SITE_BLOB_ENDPOINT = "",
  VAULT_URI = "",
  NODE_EXTRA_CA_CERTS = "",
} = process.env;

export const tablesEndpoint = TABLES_ENDPOINT;
export const blobsUri = MEDIA__blobServiceUri;
/** Blobs of the static website, which is another account. */
export const siteBlobsUri = SITE_BLOB_ENDPOINT;
export const vaultUri = VAULT_URI;

/** Their certificate, which this process trusts, for servers that a test starts. */
export const loadTestCertificate = () => loadCertificate(dirname(NODE_EXTRA_CA_CERTS));

async function startProxy(target: string): Promise<FaultProxy> {
  return startFaultProxy({ target, certificate: await loadTestCertificate() });
}
export const startTableProxy = () => startProxy(tablesEndpoint);
export const startBlobProxy = () => startProxy(blobsUri);
