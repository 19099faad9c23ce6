// Signing keys over HTTP against the package: the key set, a rotation, a revocation, and a vault that is down.
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterAll, expect, it } from "vitest";
import { startBackend } from "../local/backend.fixture.ts";
import { json } from "./responses.fixture.ts";

const backend = await startBackend();
afterAll(() => backend.close());

type Key = { id: string; state: string; createdAt: string; expiresAt: string };

const call = (path: string, token?: string, body?: object) =>
  fetch(`${backend.api}${path}`, {
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
  });
const readKeySet = () => json<JSONWebKeySet>(call("/.well-known/jwks.json"));
const readKeys = async (token: string) => (await json<{ keys: Key[] }>(call("/v1/keys", token))).keys;

it("publishes a key set with which anyone can verify a token, and no private part", async () => {
  const response = await call("/.well-known/jwks.json");
  expect(response.headers.get("cache-control")).toBe("public, max-age=300");
  const keySet = (await response.json()) as JSONWebKeySet;
  expect(Object.keys(keySet.keys[0] ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
  const { payload } = await jwtVerify(await backend.token("viewer"), createLocalJWKSet(keySet), {
    audience: backend.env.TOKEN_AUDIENCE ?? "vitae",
  });
  expect(payload.role).toBe("viewer");
});

it("rotates without rejecting a token, and a revocation rejects all tokens of earlier keys", async () => {
  const token = await backend.token("owner");
  const [first] = await readKeys(token);
  const rotated = await json<Key>(call("/v1/keys/rotate", token, { revoke: false }));
  expect(await readKeys(token)).toMatchObject([
    { id: first?.id, state: "signing" },
    { id: rotated.id, state: "published" },
  ]);
  expect((await readKeySet()).keys.map(({ kid }) => kid)).toEqual([first?.id, rotated.id]);

  const revoked = await json<Key & { revoked: number }>(call("/v1/keys/rotate", token, { revoke: true }));
  expect(revoked).toMatchObject({ revoked: 2, effectiveWithinSeconds: 60 });
  expect((await call("/v1/keys", token)).status).toBe(401);
  expect(await readKeys(await backend.token("owner"))).toMatchObject([{ id: revoked.id, state: "signing" }]);
  expect((await readKeySet()).keys.map(({ kid }) => kid)).toEqual([revoked.id]);
});

it("serves public routes while the vault is down from the start, and rejects tokens with 503", async () => {
  const { url } = await backend.addHost({ VAULT_URI: "https://127.0.0.1:1" });
  const status = async (path: string, headers = {}) => (await fetch(`${url}/api${path}`, { headers })).status;
  expect(await status("/v1/visits/resume")).toBe(200);
  expect(await status("/.well-known/jwks.json")).toBe(503);
  expect(await status("/v1/keys", { authorization: `Bearer ${await backend.token("owner")}` })).toBe(503);
});
