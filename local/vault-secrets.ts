// The secrets of the local vault with Key Vault's rules for versions and soft delete, persisted in one file.
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";

export type Attributes = { enabled: boolean; created: number; updated: number; nbf?: number; exp?: number };
export type Version = {
  version: string;
  value: string;
  attributes: Attributes;
  contentType?: string;
  tags?: Record<string, string>;
};
/** `deleted` is the time of a soft delete in seconds since the epoch. Versions are in order of creation. */
export type Secret = { versions: Version[]; deleted?: number };

/** What a caller may say about a version when setting or updating it. */
export type Properties = {
  attributes?: { enabled?: boolean; nbf?: number; exp?: number } | undefined;
  contentType?: string | undefined;
  tags?: Record<string, string> | undefined;
};

export type VaultSecrets = {
  /** Names of the living, or of the deleted. */
  names(which: "living" | "deleted"): string[];
  find(name: string): Secret | undefined;
  set(name: string, value: string, properties: Properties): Version;
  update(version: Version, properties: Properties): void;
  delete(name: string): void;
  recover(name: string): void;
  purge(name: string): void;
};

/** Opens the secrets kept in `file`; every change is on disk before the call returns. */
export function openSecrets(file: string): VaultSecrets {
  const secrets = new Map(Object.entries(readAll(file)));
  const change = (name: string, secret: Secret | undefined) => {
    if (secret) secrets.set(name, secret);
    else secrets.delete(name);
    writeAll(file, Object.fromEntries(secrets));
  };
  // Key Vault compares names without regard to case.
  const key = (name: string) => [...secrets.keys()].find((kept) => kept.toLowerCase() === name.toLowerCase()) ?? name;
  const find = (name: string) => secrets.get(key(name));

  return {
    names: (which) =>
      [...secrets].filter(([, { deleted }]) => (deleted !== undefined) === (which === "deleted")).map(([name]) => name),
    find,
    set: (name, value, properties) => {
      const at = nowSeconds();
      const made: Version = {
        version: randomBytes(16).toString("hex"),
        value,
        attributes: { enabled: true, created: at, updated: at },
      };
      apply(made, properties);
      change(key(name), { versions: [...(find(name)?.versions ?? []), made] });
      return made;
    },
    update: (version, properties) => {
      apply(version, properties);
      version.attributes.updated = nowSeconds();
      writeAll(file, Object.fromEntries(secrets));
    },
    delete: (name) => change(key(name), { versions: find(name)?.versions ?? [], deleted: nowSeconds() }),
    recover: (name) => change(key(name), { versions: find(name)?.versions ?? [] }),
    purge: (name) => change(key(name), undefined),
  };
}

/** The current value of a living secret in a vault's file, for programs that run beside the vault; undefined if none. */
export function readSecret(file: string, name: string): string | undefined {
  const secret = readAll(file)[name];
  return secret?.deleted === undefined ? secret?.versions.at(-1)?.value : undefined;
}

function apply(version: Version, { attributes, contentType, tags }: Properties): void {
  if (contentType !== undefined) version.contentType = contentType;
  if (tags !== undefined) version.tags = tags;
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "enabled" && typeof value === "boolean") version.attributes.enabled = value;
    if ((name === "nbf" || name === "exp") && typeof value === "number") version.attributes[name] = value;
  }
}

function readAll(file: string): Record<string, Secret> {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw new Error(`The vault's file ${file} cannot be read. Restore it, or delete it to begin with an empty vault.`, {
      cause: error,
    });
  }
}

function writeAll(file: string, secrets: Record<string, Secret>): void {
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
