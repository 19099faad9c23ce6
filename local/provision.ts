// What Terraform makes in Azure, made on the laptop: the tables. The app's identity may not make them itself.
import { TableServiceClient } from "@azure/data-tables";
import { tables } from "../functions/lib/names.ts";

type Provisioned = { endpoint: string; ca: string; token: (audience: string) => string };

/** Creates what is absent; what stands stays as it is. */
export async function provision({ endpoint, ca, token }: Provisioned): Promise<void> {
  const credential = {
    // Azurite takes the audience of storage for tables, as the SDK asks it.
    getToken: async () => ({ token: token("https://storage.azure.com"), expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const client = new TableServiceClient(endpoint, credential, { tlsOptions: { ca } });
  for (const name of Object.values(tables)) await client.createTable(name);
}
