// The storage account of a trigger's `connection`, used with the app's managed identity, as the host does in Azure.
// https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
import { readFileSync } from "node:fs";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";

export type Connection = {
  /** @throws {Error} with the missing setting */
  blobs(): BlobServiceClient;
  /** @throws {Error} with the missing setting */
  queues(): QueueServiceClient;
};

type Environment = Readonly<Record<string, string>>;

/** A credential for the token endpoint in the app's settings, which are not in the host's own environment. */
export function managedIdentity(env: Environment, clientId?: string) {
  return {
    async getToken() {
      const url = new URL(env.IDENTITY_ENDPOINT ?? "");
      url.searchParams.set("api-version", "2019-08-01");
      url.searchParams.set("resource", "https://storage.azure.com");
      if (clientId) url.searchParams.set("client_id", clientId);
      const response = await fetch(url, { headers: { "x-identity-header": env.IDENTITY_HEADER ?? "" } });
      if (!response.ok) throw new Error(`The identity endpoint responded with ${response.status}.`);
      const { access_token: token, expires_on: expires } = (await response.json()) as Record<string, string>;
      return { token: token ?? "", expiresOnTimestamp: Number(expires) * 1000 };
    },
  };
}

/** @throws {Error} with the setting that is missing or not supported */
export function connect(name: string, env: Environment): Connection {
  const setting = (suffix: string) => {
    const full = `${name}__${suffix}`;
    const value = env[full];
    if (!value) throw new Error(`connection "${name}" needs the setting ${full}, which is missing`);
    return value;
  };
  const kind = setting("credential");
  if (kind.toLowerCase() !== "managedidentity") {
    throw new Error(`the setting ${name}__credential must be "managedidentity", received "${kind}"`);
  }
  const credential = managedIdentity(env, env[`${name}__clientId`]);
  const { NODE_EXTRA_CA_CERTS: file } = env;
  // The SDKs pass these on, although their types do not name them.
  const options = { ...(file && { tlsOptions: { ca: readFileSync(file, "utf8") } }), retryOptions: { maxTries: 2 } };
  return {
    blobs: () => new BlobServiceClient(setting("blobServiceUri"), credential, options),
    queues: () => new QueueServiceClient(setting("queueServiceUri"), credential, options),
  };
}
