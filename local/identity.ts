// The managed identity: App Service's token endpoint (api-version 2019-08-01), so that DefaultAzureCredential works unchanged.
// https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { guarded } from "./exchange.ts";
import { LOOPBACK, listen } from "./listen.ts";

export const TENANT = "00000000-0000-4000-8000-00000000f17e";
const SYSTEM_ASSIGNED = "00000000-0000-4000-8000-000000000001";
const LIFETIME_SECONDS = 24 * 60 * 60;

export type Identity = {
  env: { IDENTITY_ENDPOINT: string; IDENTITY_HEADER: string };
  close(): Promise<void>;
};

/** Starts the endpoint. It signs tokens with `secret`, by which the local vault verifies them. */
export async function startIdentity(options: { secret: Buffer; port?: number | undefined }): Promise<Identity> {
  const header = randomBytes(24).toString("hex");
  const listener = guarded((request, response) => {
    const { status, body } = handle(request, { header, secret: options.secret });
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const server = createServer(listener);
  const listening = await listen(server, "The managed identity", options.port);
  return {
    env: { IDENTITY_ENDPOINT: `http://${LOOPBACK}:${listening.port}/msi/token`, IDENTITY_HEADER: header },
    close: listening.close,
  };
}

type IdentityResponse = { status: number; body: object };

function handle(request: IncomingMessage, known: { header: string; secret: Buffer }): IdentityResponse {
  const url = URL.parse(request.url ?? "/", "http://identity");
  if (url?.pathname !== "/msi/token" || request.method !== "GET") {
    return reject(404, `Only GET /msi/token exists, received ${request.method} ${request.url}.`);
  }
  const resource = url.searchParams.get("resource");
  if (!isEqual(String(request.headers["x-identity-header"] ?? ""), known.header)) {
    return reject(401, "The X-IDENTITY-HEADER header must have the value of IDENTITY_HEADER.");
  }
  const version = url.searchParams.get("api-version");
  if (version !== "2019-08-01") {
    return reject(400, `The api-version must be 2019-08-01, received ${version ?? "none"}.`);
  }
  if (!resource) return reject(400, "The resource parameter is missing.");
  const clientId = url.searchParams.get("client_id") ?? SYSTEM_ASSIGNED;
  const expires = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
  const body = {
    access_token: issueToken({ audience: resource, clientId, expires, secret: known.secret }),
    client_id: clientId,
    expires_on: String(expires),
    resource,
    token_type: "Bearer",
  };
  return { status: 200, body };
}

/** A token with the claims of Entra ID that Azurite and the local vault read. `expires` is in seconds since the epoch. */
export function issueToken(options: { audience: string; clientId: string; expires: number; secret: Buffer }): string {
  const issued = Math.floor(Date.now() / 1000);
  const claims = {
    aud: options.audience,
    iss: `https://sts.windows.net/${TENANT}/`,
    iat: issued,
    // Earlier, since Azurite compares it with the clock of its own process.
    nbf: issued - 300,
    exp: options.expires,
    appid: options.clientId,
    oid: options.clientId,
    sub: options.clientId,
    tid: TENANT,
    ver: "1.0",
  };
  const body = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => base64url(JSON.stringify(part))).join(".");
  return `${body}.${sign(body, options.secret)}`;
}

/** The audience of an unexpired token of this identity; undefined for any other text. */
export function readAudience(token: string, secret: Buffer): string | undefined {
  const [header = "", payload = "", signature = ""] = token.split(".");
  if (!isEqual(signature, sign(`${header}.${payload}`, secret))) return undefined;
  const claims: { aud: string; exp: number } = JSON.parse(Buffer.from(payload, "base64url").toString());
  return claims.exp * 1000 > Date.now() ? claims.aud : undefined;
}

function sign(text: string, secret: Buffer): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function isEqual(received: string, expected: string): boolean {
  const [a, b] = [Buffer.from(received), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function reject(status: number, message: string): IdentityResponse {
  return { status, body: { statusCode: status, message, correlationId: randomUUID() } };
}
