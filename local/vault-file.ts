// The file of the local vault: its secrets with all their versions.
import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** `created` and `updated` in seconds since 1970, as in Key Vault. */
export type Version = {
  version: string;
  value: string;
  attributes: { enabled: boolean; created: number; updated: number };
};
/** Versions are in order of creation. `deleted` is the time of the soft delete in seconds since 1970. */
export type Secret = { versions: Version[]; deleted?: number };

/** The current value of a secret in a vault's file, for programs that do not call the vault; undefined if absent. */
export function readSecret(file: string, name: string): string | undefined {
  return currentVersion(readSecrets(file).get(name))?.value;
}

/** All versions of a secret in a vault's file; empty if it does not exist. */
export function readVersions(file: string, name: string): readonly Version[] {
  const secret = readSecrets(file).get(name);
  return secret && secret.deleted === undefined ? secret.versions : [];
}

/** A version of a secret that is not deleted; the latest unless `version` is given. */
export function currentVersion(secret: Secret | undefined, version?: string): Version | undefined {
  if (!secret || secret.deleted !== undefined) return undefined;
  return version ? secret.versions.find((each) => each.version === version) : secret.versions.at(-1);
}

export function readSecrets(file: string): Map<string, Secret> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, "utf8"))));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return new Map();
    throw new Error(`The vault's file ${file} cannot be read. Restore it, or delete it to start with an empty vault.`, {
      cause,
    });
  }
}

export function writeSecrets(file: string, secrets: Map<string, Secret>): void {
  const content = JSON.stringify(Object.fromEntries(secrets), null, 2);
  writeFileSync(`${file}.new`, content, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
