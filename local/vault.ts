// The Key Vault: secrets and their versions, over HTTPS with challenge authentication, persisted in one file.
// https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { text } from "node:stream/consumers";
import type { Certificate } from "./certificate.ts";
import { guarded } from "./exchange.ts";
import { readAudience, TENANT } from "./identity.ts";
import { LOOPBACK, listen } from "./listen.ts";
import { currentVersion, readSecrets, type Secret, type Version, writeSecrets } from "./vault-file.ts";

const RESOURCE = "https://vault.azure.net";
const CHALLENGE = `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="${RESOURCE}"`;
const NAME = /^[0-9a-zA-Z-]{1,127}$/;
const MAX_VALUE_BYTES = 25_600;
const RECOVERABLE_DAYS = 90;
const PAGE_SIZE = 25;

export type Vault = { uri: string; close(): Promise<void> };

type VaultOptions = {
  file: string;
  certificate: Pick<Certificate, "cert" | "key">;
  /** Verifies the tokens that the local identity signs. */
  secret: Buffer;
  port?: number | undefined;
};

type VaultError = { status?: number; code?: string; innererror?: { code: string } };

/** An error of the REST API. https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
function vaultError(status: number, code: string, message: string, inner?: string): Error {
  return Object.assign(new Error(message), { status, code, ...(inner && { innererror: { code: inner } }) });
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
      const { status = 500, code = "InternalError", message, innererror } = thrown as Error & VaultError;
      if (status === 401) response.setHeader("www-authenticate", CHALLENGE);
      response.writeHead(status).end(JSON.stringify({ error: { code, message, innererror } }));
    }
  });
  const server = createServer({ cert, key }, listener);
  const listening = await listen(server, "The vault", port);
  return { uri: `https://${LOOPBACK}:${listening.port}`, close: listening.close };
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
  const url = URL.parse(request.url ?? "/", base) ?? new URL(base);
  const [collection, name = "", version, extra] = url.pathname.slice(1).split("/");
  const call = `${method} ${collection}`;
  const calls = ["GET secrets", "PUT secrets", "PATCH secrets", "DELETE secrets", "GET deletedsecrets"];
  if (!calls.includes(call) || extra !== undefined) {
    const rule =
      "The local vault implements GET, PUT and DELETE of /secrets/{name}, GET of its versions, GET and PATCH of one version, and GET of /deletedsecrets/{name}";
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
  if (call === "GET secrets" && version === "versions") return listVersions({ base, name, url }, stored);
  const found =
    call === "GET deletedsecrets" ? stored?.deleted && stored.versions.at(-1) : currentVersion(stored, version);
  if (!stored || !found)
    throw vaultError(404, "SecretNotFound", `A secret with (name/id) ${name} was not found in this key vault.`);
  if (call === "GET secrets") {
    if (!found.attributes.enabled)
      throw vaultError(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled");
    return bundleOf(base, name, found);
  }
  if (call === "PATCH secrets") {
    const attributes = updatedAttributes(found, await text(request));
    const patched = { ...found, attributes };
    secrets.set(name, { ...stored, versions: stored.versions.map((each) => (each === found ? patched : each)) });
    save();
    const { value: _, ...properties } = bundleOf(base, name, patched);
    return properties;
  }
  const deletedDate = stored.deleted ?? nowSeconds();
  if (call === "DELETE secrets") {
    secrets.set(name, { ...stored, deleted: deletedDate });
    save();
  }
  const { value: _, ...properties } = bundleOf(base, name, found);
  const scheduledPurgeDate = deletedDate + RECOVERABLE_DAYS * 24 * 60 * 60;
  return { ...properties, recoveryId: `${base}/deletedsecrets/${name}`, deletedDate, scheduledPurgeDate };
}

/** Key Vault orders versions by their random ids, not by time: https://github.com/nagyesta/lowkey-vault/issues/428 */
function listVersions({ base, name, url }: { base: string; name: string; url: URL }, stored: Secret | undefined) {
  const size = Number(url.searchParams.get("maxresults") ?? PAGE_SIZE);
  if (!(size >= 1 && size <= PAGE_SIZE))
    throw vaultError(400, "BadParameter", `maxresults must be 1 to ${PAGE_SIZE}, received ${size}.`);
  const versions = stored && stored.deleted === undefined ? stored.versions : [];
  const after = url.searchParams.get("$skiptoken") ?? "";
  const rest = versions.toSorted((a, b) => (a.version < b.version ? -1 : 1)).filter(({ version }) => version > after);
  const page = rest.slice(0, size);
  const next = new URL(url);
  next.searchParams.set("$skiptoken", page.at(-1)?.version ?? "");
  const value = page.map((each) => {
    const { id, attributes } = bundleOf(base, name, each);
    return { id, attributes };
  });
  return { value, nextLink: rest.length > size ? next.href : null };
}

function updatedAttributes({ attributes }: Version, body: string): Version["attributes"] {
  const { enabled } = (parseBody(body).attributes ?? {}) as { enabled?: unknown };
  if (typeof enabled !== "boolean")
    throw vaultError(400, "BadParameter", "The local vault updates attributes.enabled only, which must be a boolean.");
  return { ...attributes, enabled, updated: nowSeconds() };
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
  const attributes = { enabled: true, created, updated: created };
  return { version: randomBytes(16).toString("hex"), value, attributes };
}

function parseBody(body: string): { value?: unknown; attributes?: unknown } {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    throw vaultError(400, "BadParameter", "The body must be JSON.");
  }
}

function bundleOf(base: string, name: string, { value, version, attributes }: Version) {
  const recovery = { recoveryLevel: "Recoverable+Purgeable", recoverableDays: RECOVERABLE_DAYS };
  return { value, id: `${base}/secrets/${name}/${version}`, attributes: { ...attributes, ...recovery } };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
