// Simulates the secret `signing-keys` of a vault behind az.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { secrets } from "../../../functions/lib/names.ts";
import { AzureError, parseAz } from "../azure-cli.fixture.ts";

/** `created` in milliseconds since 1970. */
export type StoredVersion = {
  readonly version: string;
  readonly created: number;
  readonly enabled: boolean;
  readonly value: string;
};

export function createVersion(version: string, created: number, enabled = true): StoredVersion {
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const value = JSON.stringify({ ...jwk, alg: "EdDSA", kid: randomUUID() });
  return { version: version.padEnd(32, "0"), created, enabled, value };
}

/** Returns the output of `az keyvault secret …` for the queries of mint-token.ts. */
export function runKeyVault(
  vault: { readonly name: string; readonly versions: readonly StoredVersion[] },
  args: readonly string[],
): unknown {
  const { command, flags } = parseAz(args);
  if (flags["vault-name"] !== vault.name || flags.name !== secrets.signingKeys)
    throw new AzureError("(SecretNotFound) A secret with (name/id) was not found in this key vault.");
  if (command === "keyvault secret list-versions") {
    const isFiltered = flags.query?.includes("[?attributes.enabled]");
    return vault.versions
      .filter(({ enabled }) => enabled || !isFiltered)
      .map(({ version, created }) => ({
        id: `https://${vault.name}.vault.azure.net/secrets/${secrets.signingKeys}/${version}`,
        created: new Date(created).toISOString().replace(/\.\d+Z$/, "+00:00"),
      }));
  }
  const found = vault.versions.find(({ version }) => version === flags.version);
  if (command !== "keyvault secret show" || !found) throw new AzureError(`az ${command} found no version.`);
  if (!found.enabled) throw new AzureError("(Forbidden) Operation get is not allowed on a disabled secret.");
  return found.value;
}
