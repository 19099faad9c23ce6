// Reads, writes and disables versions of secrets in Key Vault.
import type { TokenCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { AppError } from "../errors.ts";
import { innerCodeOfSdkError, statusOfSdkError } from "./sdk-errors.ts";

/** One version of a secret, without its value. `createdOn` in milliseconds since 1970, a multiple of 1000. */
export type SecretVersion = { readonly version: string; readonly enabled: boolean; readonly createdOn: number };

/**
 * Every call ends after five seconds, repeats included, or when its signal aborts.
 * Every call throws {AppError} DEPENDENCY_UNAVAILABLE when the vault fails.
 */
export type Vault = {
  /** The value of the newest version; undefined when the secret does not exist. Fails when that version is disabled. */
  read(name: string, signal?: AbortSignal): Promise<{ value: string; version: string } | undefined>;
  /** All versions in no useful order; empty when the secret does not exist. */
  list(name: string, signal?: AbortSignal): Promise<readonly SecretVersion[]>;
  /** @returns undefined when the version does not exist or is disabled */
  readVersion(name: string, version: string, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Writes a new version. A repeat after a lost response can create two.
   * @throws {AppError} CONFLICT when the secret is soft-deleted
   */
  write(name: string, value: string): Promise<Omit<SecretVersion, "enabled">>;
  /** Disables a version. Succeeds when it is already disabled or no longer exists. */
  disable(name: string, version: string): Promise<void>;
};

const CALL_TIMEOUT_MS = 5_000;
/** Rotation creates about 13 versions a year, and Key Vault never deletes a single version. */
const MAX_VERSIONS = 1_000;
/** As Key Vault generates them. Anything else could change the path of a call. */
const VERSION = /^[0-9a-f]{32}$/i;

/** @param observeDate receives the Date header of every response, in milliseconds since 1970 */
export function createVault(
  uri: string,
  credential: TokenCredential,
  observeDate: (date: number) => void = () => {},
): Vault {
  const client = new SecretClient(uri, credential, {
    retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 },
    // The SDK checks that the host is below the domain of the resource https://vault.azure.net; a local vault is not.
    disableChallengeResourceVerification: new URL(uri).hostname === "127.0.0.1",
    additionalPolicies: [
      {
        position: "perRetry",
        policy: {
          name: "observeDate",
          async sendRequest(request, next) {
            const response = await next(request);
            const date = Date.parse(response.headers.get("date") ?? "");
            if (!Number.isNaN(date)) observeDate(date);
            return response;
          },
        },
      },
    ],
  });

  /** @returns undefined when the response is 404 */
  async function call<T>(
    name: string,
    signal: AbortSignal | undefined,
    send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T | undefined> {
    const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const abortSignal = signal ? AbortSignal.any([signal, timeout]) : timeout;
    // The SDK does not observe the signal while it gets a token.
    const aborted = new Promise<never>((_, reject) => {
      abortSignal.addEventListener("abort", () => reject(abortSignal.reason), { once: true });
    });
    try {
      return await Promise.race([send({ abortSignal }), aborted]);
    } catch (cause) {
      if (statusOfSdkError(cause) === 404) return undefined;
      if (cause instanceof AppError) throw cause;
      throw new AppError("DEPENDENCY_UNAVAILABLE", `Key Vault failed for the secret "${name}"`, {
        cause,
        retryAfter: 5,
      });
    }
  }

  return {
    read: (name, signal) =>
      call(name, signal, async (options) => {
        const { value = "", properties } = await client.getSecret(name, options);
        return { value, version: properties.version ?? "" };
      }),
    async list(name, signal) {
      const listed = await call(name, signal, async (options) => {
        const versions: SecretVersion[] = [];
        for await (const { version, enabled, createdOn } of client.listPropertiesOfSecretVersions(name, options)) {
          if (versions.length === MAX_VERSIONS) throw tooManyVersions(name);
          if (version && createdOn)
            versions.push({ version, enabled: enabled ?? true, createdOn: createdOn.getTime() });
        }
        return versions;
      });
      return listed ?? [];
    },
    readVersion: (name, version, signal) =>
      call(name, signal, async (options) => {
        if (!VERSION.test(version)) return undefined;
        try {
          return (await client.getSecret(name, { ...options, version })).value;
        } catch (error) {
          if (statusOfSdkError(error) === 403 && innerCodeOfSdkError(error) === "SecretDisabled") return undefined;
          throw error;
        }
      }),
    async write(name, value) {
      const written = await call(name, undefined, async (options) => {
        try {
          const { version = "", createdOn } = (await client.setSecret(name, value, options)).properties;
          return { version, createdOn: createdOn?.getTime() ?? Date.now() };
        } catch (cause) {
          if (statusOfSdkError(cause) !== 409) throw cause;
          throw new AppError("CONFLICT", `The secret "${name}" is soft-deleted: recover or purge it first.`, { cause });
        }
      });
      if (written) return written;
      throw new AppError("DEPENDENCY_UNAVAILABLE", `There is no Key Vault at ${uri}`, { retryAfter: 5 });
    },
    async disable(name, version) {
      await call(name, undefined, async (options) => {
        if (VERSION.test(version)) await client.updateSecretProperties(name, version, { ...options, enabled: false });
      });
    },
  };
}

function tooManyVersions(name: string): AppError {
  const rule = `The secret "${name}" has more than ${MAX_VERSIONS} versions, of which Key Vault deletes none`;
  return new AppError("DEPENDENCY_UNAVAILABLE", `${rule}: delete and purge the secret, then run seed-entity`);
}
