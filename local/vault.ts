// The Key Vault: get, set and soft delete of a secret, over HTTPS with challenge authentication, persisted in one file.
// https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { text } from "node:stream/consumers";
import type { Certificate } from "./certificate.ts";
import { guarded } from "./exchange.ts";
import { readAudience, TENANT } from "./identity.ts";
import { LOOPBACK, listen } from "./listen.ts";

const RESOURCE = "https://vault.azure.net";
const CHALLENGE = `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="${RESOURCE}"`;
const NAME = /^[0-9a-zA-Z-]{1,127}$/;
const MAX_VALUE_BYTES = 25_600;
const RECOVERABLE_DAYS = 90;

type Version = { version: string; value: string; attributes: { enabled: true; created: number; updated: number } };
/** Versions are in order of creation. `deleted` is the time of the soft delete in seconds since the epoch. */
type Secret = { versions: Version[]; deleted?: number };

export type Vault = { uri: string; close(): Promise<void> };

type VaultOptions = {
  file: string;
  certificate: Pick<Certificate, "cert" | "key">;
  /** Verifies the tokens that the local identity signs. */
  secret: Buffer;
  port?: number | undefined;
};

/** An error of the REST API. https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
function vaultError(status: number, code: string, message: string): Error {
  return Object.assign(new Error(message), { status, code });
}

/** Starts the vault. Every change is in `file` before the response is sent. */
export async function startVault({ file, certificate, secret, port }: VaultOptions): Promise<Vault> {
  const { cert, key } = certificate;
  const secrets = readSecrets(file);
  const listener = guarded(async (request, response) => {
    response.setHeader("content-type", "application/json; charset=utf-8");
    try {
      authorize(request, secret);
      response.end(JSON.stringify(await handle(request, secrets, () => writeSecrets(file, secrets))));
    } catch (thrown) {
      const { status = 500, code = "InternalError", message } = thrown as Error & { status?: number; code?: string };
      if (status === 401) response.setHeader("www-authenticate", CHALLENGE);
      response.writeHead(status).end(JSON.stringify({ error: { code, message } }));
    }
  });
  const server = createServer({ cert, key }, listener);
  const listening = await listen(server, "The vault", port);
  return { uri: `https://${LOOPBACK}:${listening.port}`, close: listening.close };
}

/** The current value of a secret in a vault's file, for programs that do not call the vault; undefined if absent. */
export function readSecret(file: string, name: string): string | undefined {
  return currentVersion(readSecrets(file).get(name))?.value;
}

function authorize(request: IncomingMessage, secret: Buffer): void {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) throw vaultError(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
  if (readAudience(token, secret)?.replace(/\/$/, "") !== RESOURCE)
    throw vaultError(401, "Unauthorized", `AKV10022: Invalid or expired token. Its audience must be ${RESOURCE}.`);
}

async function handle(request: IncomingMessage, secrets: Map<string, Secret>, save: () => void): Promise<object> {
  const { method = "" } = request;
  const base = `https://${request.headers.host}`;
  const path = URL.parse(request.url ?? "/", base)?.pathname ?? "/";
  const [collection, name = "", version, extra] = path.slice(1).split("/");
  const call = `${method} ${collection}`;
  if (!["GET secrets", "PUT secrets", "DELETE secrets", "GET deletedsecrets"].includes(call) || extra !== undefined) {
    const rule = "The local vault implements GET, PUT and DELETE of /secrets/{name}, and GET of /deletedsecrets/{name}";
    throw vaultError(501, "NotImplemented", `${rule}, received ${method} ${request.url}.`);
  }
  if (!NAME.test(name))
    throw vaultError(400, "BadParameter", `A secret's name must match ${NAME.source}, received "${name}".`);
  const stored = secrets.get(name);
  if (call === "PUT secrets") {
    const created = newVersion(name, stored, await text(request));
    secrets.set(name, { versions: [...(stored?.versions ?? []), created] });
    save();
    return bundleOf(base, name, created);
  }
  const found =
    call === "GET deletedsecrets" ? stored?.deleted && stored.versions.at(-1) : currentVersion(stored, version);
  if (!stored || !found)
    throw vaultError(404, "SecretNotFound", `A secret with (name/id) ${name} was not found in this key vault.`);
  if (call === "GET secrets") return bundleOf(base, name, found);
  const deletedDate = stored.deleted ?? nowSeconds();
  if (call === "DELETE secrets") {
    secrets.set(name, { ...stored, deleted: deletedDate });
    save();
  }
  const { value: _, ...properties } = bundleOf(base, name, found);
  const scheduledPurgeDate = deletedDate + RECOVERABLE_DAYS * 24 * 60 * 60;
  return { ...properties, recoveryId: `${base}/deletedsecrets/${name}`, deletedDate, scheduledPurgeDate };
}

function newVersion(name: string, stored: Secret | undefined, body: string): Version {
  if (stored?.deleted !== undefined) {
    const rule = "is currently in a deleted but recoverable state, and its name cannot be reused";
    throw vaultError(409, "Conflict", `Secret ${name} ${rule}. To reset the local vault, use a new data dir.`);
  }
  const { value } = parseBody(body);
  if (typeof value !== "string" || Buffer.byteLength(value) > MAX_VALUE_BYTES)
    throw vaultError(400, "BadParameter", `A secret's value must be a string of at most ${MAX_VALUE_BYTES} bytes.`);
  const created = nowSeconds();
  const attributes = { enabled: true, created, updated: created } as const;
  return { version: randomBytes(16).toString("hex"), value, attributes };
}

function parseBody(body: string): { value?: unknown } {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    throw vaultError(400, "BadParameter", "The body must be JSON.");
  }
}

/** A version of a secret that is not deleted; the latest unless `version` is given. */
function currentVersion(secret: Secret | undefined, version?: string): Version | undefined {
  if (!secret || secret.deleted !== undefined) return undefined;
  return version ? secret.versions.find((each) => each.version === version) : secret.versions.at(-1);
}

function bundleOf(base: string, name: string, { value, version, attributes }: Version) {
  const recovery = { recoveryLevel: "Recoverable+Purgeable", recoverableDays: RECOVERABLE_DAYS };
  return { value, id: `${base}/secrets/${name}/${version}`, attributes: { ...attributes, ...recovery } };
}

function readSecrets(file: string): Map<string, Secret> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, "utf8"))));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return new Map();
    throw new Error(`The vault's file ${file} cannot be read. Restore it, or delete it to start with an empty vault.`, {
      cause,
    });
  }
}

function writeSecrets(file: string, secrets: Map<string, Secret>): void {
  const content = JSON.stringify(Object.fromEntries(secrets), null, 2);
  writeFileSync(`${file}.new`, content, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
