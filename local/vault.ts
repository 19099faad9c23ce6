// The Key Vault: its REST API for secrets, as far as @azure/keyvault-secrets uses it, over HTTPS with challenge authentication.
// https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { Certificate } from "./certificate.ts";
import { readAudience, TENANT } from "./identity.ts";
import { LOOPBACK, listen } from "./listen.ts";
import { deletedButRecoverable, disabled, errorAnswer, notAllowed, notFound, refusal } from "./vault-errors.ts";
import { openSecrets, type Properties, type VaultSecrets, type Version } from "./vault-secrets.ts";

const RESOURCE = "https://vault.azure.net";
const CHALLENGE = `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="${RESOURCE}"`;
const NAME = /^[0-9a-zA-Z-]{1,127}$/;
const VALUE_LIMIT = 25_600;
const BODY_LIMIT = 256 * 1024;
const RECOVERABLE_DAYS = 90;

export type Vault = { uri: string; close(): Promise<void> };

type Answer = { status: number; body?: object };

/** Starts the vault on the secrets kept in `file`; it accepts tokens that the identity signed with `secret`. */
export async function startVault(options: {
  file: string;
  certificate: Pick<Certificate, "cert" | "key">;
  secret: Buffer;
  port?: number;
}): Promise<Vault> {
  const { cert, key } = options.certificate;
  const secrets = openSecrets(options.file);
  const server = createServer({ cert, key }, async (request, response) => {
    const { status, body } = await answer(request, secrets, options.secret).catch(errorAnswer);
    if (status === 401) response.setHeader("www-authenticate", CHALLENGE);
    if (body) response.setHeader("content-type", "application/json; charset=utf-8");
    response.writeHead(status).end(body && JSON.stringify(body));
  });
  const listening = await listen(server, "The vault", options.port);
  return { uri: `https://${LOOPBACK}:${listening.port}`, close: listening.close };
}

async function answer(request: IncomingMessage, secrets: VaultSecrets, tokenSecret: Buffer): Promise<Answer> {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) throw refusal(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
  if (readAudience(token, tokenSecret)?.replace(/\/$/, "") !== RESOURCE) {
    throw refusal(401, "Unauthorized", `AKV10022: Invalid or expired token. Its audience must be ${RESOURCE}.`);
  }
  const base = `https://${request.headers.host}`;
  const [collection, name, rest, extra] = new URL(request.url ?? "/", base).pathname.slice(1).split("/");
  if (name && !NAME.test(name)) {
    throw refusal(400, "BadParameter", `A secret's name must match ${NAME.source}, received ${name.slice(0, 130)}.`);
  }
  const call = { method: request.method ?? "", name, rest: rest || undefined, base, secrets };
  const known = extra === undefined && (collection === "secrets" || collection === "deletedsecrets");
  if (!known) throw refusal(404, "NotFound", `There is no ${request.url} in the local vault.`);
  return collection === "secrets" ? living({ ...call, body: await readBody(request) }) : deleted(call);
}

type Call = { method: string; name: string | undefined; rest: string | undefined; base: string; secrets: VaultSecrets };

function living({
  method,
  name,
  rest,
  base,
  secrets,
  body,
}: Call & { body: Properties & { value?: unknown } }): Answer {
  if (name === undefined || name === "") {
    if (method !== "GET") throw notAllowed(method);
    return list(secrets.names("living").map((each) => item(base, each, current(secrets, each))));
  }
  if (method === "PUT" && rest === undefined) {
    if (secrets.find(name)?.deleted !== undefined) throw deletedButRecoverable(name);
    if (typeof body.value !== "string") throw refusal(400, "BadParameter", "Property value must be a string.");
    if (Buffer.byteLength(body.value) > VALUE_LIMIT) {
      throw refusal(400, "BadParameter", `A secret's value must have at most ${VALUE_LIMIT} bytes.`);
    }
    return { status: 200, body: bundle(base, name, secrets.set(name, body.value, body)) };
  }
  if (method === "DELETE" && rest === undefined) {
    const version = current(secrets, name);
    secrets.delete(name);
    return { status: 200, body: deletedItem({ base, name, version, deleted: secrets.find(name)?.deleted ?? 0 }) };
  }
  if (method === "GET" && rest === "versions") {
    current(secrets, name);
    return list(secrets.find(name)?.versions.map((each) => item(base, name, each, true)) ?? []);
  }
  const version = current(secrets, name, rest);
  if (method === "PATCH") {
    secrets.update(version, body);
    const { value: _, ...properties } = bundle(base, name, version);
    return { status: 200, body: properties };
  }
  if (method !== "GET") throw notAllowed(method);
  if (!version.attributes.enabled) throw disabled();
  return { status: 200, body: bundle(base, name, version) };
}

function deleted({ method, name, rest, base, secrets }: Call): Answer {
  const find = (each: string) => {
    const secret = secrets.find(each);
    const version = secret?.versions.at(-1);
    if (!version || secret?.deleted === undefined) throw notFound(each);
    return deletedItem({ base, name: each, version, deleted: secret.deleted });
  };
  if (name === undefined || name === "") return list(secrets.names("deleted").map(find));
  const found = find(name);
  if (method === "GET" && rest === undefined) return { status: 200, body: found };
  if (method === "DELETE" && rest === undefined) {
    secrets.purge(name);
    return { status: 204 };
  }
  if (method !== "POST" || rest !== "recover") throw notAllowed(method);
  secrets.recover(name);
  return { status: 200, body: item(base, name, current(secrets, name), true) };
}

function current(secrets: VaultSecrets, name: string, version?: string): Version {
  const secret = secrets.find(name);
  const living = secret?.deleted === undefined ? secret?.versions : undefined;
  const found = version === undefined ? living?.at(-1) : living?.find((each) => each.version === version);
  if (!found) throw notFound(name);
  return found;
}

function item(
  base: string,
  name: string,
  { version, value: _, attributes, ...rest }: Version,
  withVersion = false,
): object {
  return {
    id: `${base}/secrets/${name}${withVersion ? `/${version}` : ""}`,
    attributes: { ...attributes, recoveryLevel: "Recoverable+Purgeable", recoverableDays: RECOVERABLE_DAYS },
    ...rest,
  };
}

function bundle(base: string, name: string, version: Version): { value: string } {
  return { value: version.value, ...item(base, name, version, true) };
}

function deletedItem(of: { base: string; name: string; version: Version; deleted: number }): object {
  return {
    ...item(of.base, of.name, of.version, true),
    recoveryId: `${of.base}/deletedsecrets/${of.name}`,
    deletedDate: of.deleted,
    scheduledPurgeDate: of.deleted + RECOVERABLE_DAYS * 24 * 60 * 60,
  };
}

function list(value: object[]): Answer {
  return { status: 200, body: { value, nextLink: null } };
}

async function readBody(request: IncomingMessage): Promise<Properties & { value?: unknown }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > BODY_LIMIT) throw refusal(413, "BadParameter", `A request must have at most ${BODY_LIMIT} bytes.`);
    chunks.push(chunk);
  }
  if (length === 0) return {};
  try {
    return Object(JSON.parse(Buffer.concat(chunks).toString()));
  } catch {
    throw refusal(400, "BadParameter", "The request body must be JSON.");
  }
}
