// Secrets in Key Vault: read one, create one that is absent.
import type { TokenCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { AppError } from "../errors.ts";
import { statusOfSdkError } from "./sdk-errors.ts";

export type Vault = {
  /**
   * Newest value, or undefined when there is no such secret. Throws DEPENDENCY_UNAVAILABLE when the vault fails, or
   * when the signal, that of five seconds unless given, ends the call.
   */
  read(name: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Writes a new version. Throws CONFLICT when the name is soft-deleted, DEPENDENCY_UNAVAILABLE when the vault fails. */
  write(name: string, value: string): Promise<void>;
};

const ATTEMPT_MS = 5_000;

export function createVault(uri: string, credential: TokenCredential): Vault {
  const client = new SecretClient(uri, credential, {
    retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 },
    // The vault names https://vault.azure.net as its resource; a vault on loopback cannot lie below that domain.
    disableChallengeResourceVerification: new URL(uri).hostname === "127.0.0.1",
  });
  const failed = (name: string, cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", `Key Vault failed for the secret "${name}"`, { cause, retryAfter: 5 });
  return {
    async read(name, abortSignal = AbortSignal.timeout(ATTEMPT_MS)) {
      try {
        return (await client.getSecret(name, { abortSignal })).value;
      } catch (cause) {
        if (statusOfSdkError(cause) === 404) return undefined;
        throw failed(name, cause);
      }
    },
    async write(name, value) {
      try {
        await client.setSecret(name, value, { abortSignal: AbortSignal.timeout(ATTEMPT_MS) });
      } catch (cause) {
        if (statusOfSdkError(cause) === 409)
          throw new AppError("CONFLICT", `The secret "${name}" is deleted but still held: recover or purge it first.`, {
            cause,
          });
        throw failed(name, cause);
      }
    },
  };
}
