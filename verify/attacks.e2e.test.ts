// Attacks on tokens and sessions over HTTP: each is rejected, and changes nothing for the genuine user.
import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from "node:crypto";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "../functions/routes.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { listen } from "../local/listen.ts";
import { type Accounts, openAccounts, type Tokens } from "./accounts.fixture.ts";
import { bytesOf, sendRaw } from "./raw-http.fixture.ts";

let backend: Backend;
let accounts: Accounts;
let owner: Tokens;
beforeAll(async () => {
  backend = await startBackend();
  accounts = openAccounts(backend);
  owner = await accounts.signInOwner();
});
afterAll(() => backend?.close());

/** Status of a route that every caller may use, with this access token. */
const statusOf = async (token: string, api = backend.api) =>
  (await fetch(`${api}/v1/auth/sessions`, { headers: { authorization: `Bearer ${token}` } })).status;

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The owner's access token with other header fields and claims, signed again by `by`, or with its old signature. */
function forge(header: object, claims: object, by?: (input: string) => Buffer): string {
  const [head = "", body = "", signature = ""] = owner.access_token.split(".");
  const read = (part: string): object => JSON.parse(Buffer.from(part, "base64url").toString());
  const input = `${base64url({ ...read(head), ...header })}.${base64url({ ...read(body), ...claims })}`;
  return `${input}.${by ? by(input).toString("base64url") : signature}`;
}

describe("a forged access token", () => {
  it("is rejected with a changed role", async () => {
    expect(await statusOf(owner.access_token)).toBe(200);
    expect(await statusOf(forge({}, { role: "viewer" }))).toBe(401);
  });

  it("is rejected when HS256 uses a published key as its secret, in any form of that key", async () => {
    const { keys } = (await (await fetch(`${backend.api}/.well-known/jwks.json`)).json()) as { keys: JsonWebKey[] };
    const [jwk] = keys;
    if (!jwk?.x) expect.fail("no key is published");
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    const secrets = [
      jwk.x,
      JSON.stringify(jwk),
      Buffer.from(jwk.x, "base64url"),
      publicKey.export({ format: "pem", type: "spki" }),
      publicKey.export({ format: "der", type: "spki" }),
    ];
    for (const secret of secrets) {
      const token = forge({ alg: "HS256" }, {}, (input) => createHmac("sha256", secret).update(input).digest());
      expect(await statusOf(token)).toBe(401);
    }
    expect(keys.filter((key) => "d" in key)).toEqual([]);
  });

  it("is rejected when it brings its own key, and nothing that it names is fetched", async () => {
    let calls = 0;
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const jwk = { ...publicKey.export({ format: "jwk" }), alg: "EdDSA", kid: "mine" };
    const server = createServer((_, response) => {
      calls += 1;
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    const { port, close } = await listen(server, "The attacker's key set");
    const url = `http://127.0.0.1:${port}/keys.json`;
    const own = JSON.parse(Buffer.from(owner.access_token.split(".")[0] ?? "", "base64url").toString()).kid;
    for (const kid of [jwk.kid, own, url])
      for (const header of [{ jku: url }, { x5u: url }, { jwk }, { jku: url, x5u: url, jwk }])
        expect(
          await statusOf(forge({ kid, ...header }, {}, (input) => sign(null, Buffer.from(input), privateKey))),
        ).toBe(401);
    expect(calls).toBe(0);
    await close();
  });

  it("of 100 KB is rejected by the front end, and of 12 KB by the app", async () => {
    const get = (token: string) => {
      const headers = ["Host: localhost", "Connection: close", `Authorization: Bearer ${token}`];
      return sendRaw(backend.api, bytesOf("GET /api/v1/auth/sessions HTTP/1.1", headers));
    };
    expect((await get(`${"a".repeat(100_000)}.b.c`)).status).toBe(431);
    expect((await get(`${"a".repeat(12_000)}.b.c`)).status).toBe(401);
  });
});

describe("a genuine token in the wrong place", () => {
  it("is rejected by every route when it is in the query, also with a valid header", async () => {
    const headers = { authorization: `Bearer ${owner.access_token}` };
    const query = `?access_token=${owner.access_token}`;
    for (const { name, methods, path } of routes.filter(({ access }) => access !== "public")) {
      const url = `${backend.api}${path.replaceAll(/\{[^}]*\}/g, crypto.randomUUID())}`;
      for (const init of [{}, { headers }]) {
        const { status } = await fetch(url + query, { method: methods[0] ?? "", ...init });
        expect(`${name} ${status}`).toBe(`${name} 400`);
      }
    }
  });

  it("is rejected in two Authorization headers", async () => {
    const header = `Authorization: Bearer ${owner.access_token}`;
    const get = (headers: readonly string[]) =>
      sendRaw(
        backend.api,
        bytesOf("GET /api/v1/auth/sessions HTTP/1.1", ["Host: localhost", "Connection: close", ...headers]),
      );
    expect((await get([header])).status).toBe(200);
    expect((await get([header, header])).status).toBe(401);
    expect((await get([header, "Authorization: Basic eDp5"])).status).toBe(401);
  });

  it("is rejected when a refresh token is sent as access token, and the reverse, without effect on the session", async () => {
    const { access_token, refresh_token } = await accounts.signInOwner();
    const before = await backend.rows("sessions");
    expect(await statusOf(refresh_token)).toBe(401);
    expect(await accounts.refresh(access_token)).toMatchObject({ error: "invalid_grant" });
    expect((await accounts.post("revoke", { token: access_token })).status).toBe(200);
    for (const query of [`refresh_token=${refresh_token}`, `token=${refresh_token}`]) {
      const body = await accounts.post(`token?${query}`, { grant_type: "refresh_token" });
      expect(await body.json()).toMatchObject({ error: "invalid_request" });
    }
    expect(await backend.rows("sessions")).toEqual(before);
    expect(await statusOf(access_token)).toBe(200);
  });

  it("of 100 KB is rejected as refresh token", async () => {
    const response = await accounts.post("token", { grant_type: "refresh_token", refresh_token: "a".repeat(100_000) });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: "invalid_request" });
  });
});

describe("a user who was removed", () => {
  it.each(["disabled", "deleted"] as const)(
    "loses access and refresh tokens when %s, on the instance of the change and on a new one",
    async (how) => {
      const user = await accounts.createUser("editor");
      expect(await statusOf(user.access_token)).toBe(200);
      const url = `${backend.api}/v1/users/${user.id}`;
      const headers = { authorization: `Bearer ${owner.access_token}`, "content-type": "application/json" };
      const change =
        how === "deleted" ? { method: "DELETE" } : { method: "PATCH", body: JSON.stringify({ state: "disabled" }) };
      expect((await fetch(url, { ...change, headers })).ok).toBe(true);
      // Other instances notice it within 30 seconds: functions/accounts/two-instances.test.ts.
      const { url: other } = await backend.addHost();
      for (const api of [backend.api, `${other}/api`]) expect(await statusOf(user.access_token, api)).toBe(401);
      expect(await accounts.refresh(user.refresh_token)).toMatchObject({ error: "invalid_grant" });
      expect(await accounts.signIn(user.email, user.password)).toMatchObject({ error: "invalid_grant" });
    },
  );
});
