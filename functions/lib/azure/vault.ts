// Reads and writes secrets in Key Vault.
import type { TokenCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { AppError } from "../errors.ts";
import { statusOfSdkError } from "./sdk-errors.ts";

export type Vault = {
  /**
   * Returns the newest value, or undefined when the secret does not exist.
   * @param signal aborts the call; a timeout of five seconds by default
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the vault fails or the signal aborts
   */
  read(name: string, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Writes a new version.
   * @throws {AppError} CONFLICT when the secret is soft-deleted, DEPENDENCY_UNAVAILABLE when the vault fails
   */
  write(name: string, value: string): Promise<void>;
};

const CALL_TIMEOUT_MS = 5_000;

export function createVault(uri: string, credential: TokenCredential): Vault {
  const client = new SecretClient(uri, credential, {
    retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 },
    // The SDK checks that the host is below the domain of the resource https://vault.azure.net; a local vault is not.
    disableChallengeResourceVerification: new URL(uri).hostname === "127.0.0.1",
  });
  const unavailable = (name: string, cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", `Key Vault failed for the secret "${name}"`, { cause, retryAfter: 5 });
  return {
    async read(name, abortSignal = AbortSignal.timeout(CALL_TIMEOUT_MS)) {
      try {
        return (await client.getSecret(name, { abortSignal })).value;
      } catch (cause) {
        if (statusOfSdkError(cause) === 404) return undefined;
        throw unavailable(name, cause);
      }
    },
    async write(name, value) {
      try {
        await client.setSecret(name, value, { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
      } catch (cause) {
        if (statusOfSdkError(cause) === 409)
          throw new AppError("CONFLICT", `The secret "${name}" is soft-deleted: recover or purge it first.`, {
            cause,
          });
        throw unavailable(name, cause);
      }
    },
  };
}
