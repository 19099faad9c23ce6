// Which tokens of Entra ID are accepted. The issuer is a real server.
import { SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AppError } from "../errors.ts";
import { createStoreClock } from "../store-clock.ts";
import { audience, oid, startEntraIssuer, tenantId } from "./entra-issuer.fixture.ts";
import { createEntraVerifier } from "./entra-token.ts";
import { roles } from "./permissions.ts";

let entra: Awaited<ReturnType<typeof startEntraIssuer>>;
let verify: ReturnType<typeof createEntraVerifier>;

beforeAll(async () => {
  entra = await startEntraIssuer();
});
beforeEach(() => {
  entra.state.published = [entra.key.jwk];
  verify = createEntraVerifier({ tenantId, audience, clock: createStoreClock(), jwksUrl: entra.jwksUrl });
});
afterAll(() => entra.close());

const invalidToken = {
  code: "UNAUTHENTICATED",
  headers: { "WWW-Authenticate": 'Bearer realm="vitae", error="invalid_token"' },
};
const rejection = (token: string) =>
  verify(token).then(
    ({ subject }) => expect.fail(`accepted for ${subject}`),
    (error: unknown) => error as AppError,
  );
const seconds = () => Math.floor(Date.now() / 1000);

describe("verifier of Entra ID's tokens", () => {
  it.each(roles)("accepts a user's access token with the app role %s under the subject entra.{oid}", async (role) => {
    const claims = { roles: [role, "Other.Role"], scp: "profile access_as_user", oid: oid.toUpperCase() };
    const issuedAt = expect.any(Number);
    expect(await verify(await entra.issue({ claims }))).toEqual({
      subject: `entra.${oid}`,
      role,
      issuedAt,
      issuer: "entra",
    });
  });

  it("accepts tokens whatever the case of the configured tenant and audience", async () => {
    const parties = { tenantId: tenantId.toUpperCase(), audience: audience.toUpperCase() };
    verify = createEntraVerifier({ ...parties, clock: createStoreClock(), jwksUrl: entra.jwksUrl });
    expect(await verify(await entra.issue())).toMatchObject({ subject: `entra.${oid}` });
  });

  const rejected: Record<string, () => Promise<string>> = {
    "a token of another tenant that claims the issuer": () => entra.issue({ claims: { tid: crypto.randomUUID() } }),
    "a token without tid": () => entra.issue({ claims: { tid: undefined } }),
    "a token of another tenant's issuer": () =>
      entra.issue({ claims: { iss: `https://login.microsoftonline.com/${crypto.randomUUID()}/v2.0` } }),
    "a token of the issuer of version 1.0": () =>
      entra.issue({ claims: { iss: `https://sts.windows.net/${tenantId}/` } }),
    "a token of version 1.0": () => entra.issue({ claims: { ver: "1.0" } }),
    "a token for another API": () => entra.issue({ claims: { aud: crypto.randomUUID() } }),
    "an ID token, which has no scp": () => entra.issue({ claims: { scp: undefined, nonce: "n" } }),
    "an app-only token, which has no scp": () =>
      entra.issue({ claims: { scp: undefined, idtyp: "app", roles: ["owner"] } }),
    "a token with another scope": () => entra.issue({ claims: { scp: "access_as_user.read no_access_as_user" } }),
    "a token with a list of scopes": () => entra.issue({ claims: { scp: ["access_as_user"] } }),
    "a token with two roles": () => entra.issue({ claims: { roles: ["viewer", "owner"] } }),
    "a token without roles": () => entra.issue({ claims: { roles: undefined } }),
    "a token with an unknown role": () => entra.issue({ claims: { roles: ["admin", "constructor"] } }),
    "a token with a role that is text": () => entra.issue({ claims: { roles: "owner" } }),
    "a token without oid": () => entra.issue({ claims: { oid: undefined } }),
    "a token with a path as oid": () => entra.issue({ claims: { oid: "../owner" } }),
    "an expired token": () => entra.issue({ claims: { exp: seconds() - 31 } }),
    "a token that is not valid yet": () => entra.issue({ claims: { nbf: seconds() + 40 } }),
    "a token without exp": () => entra.issue({ claims: { exp: undefined } }),
    "a token without iat": () => entra.issue({ claims: { iat: undefined } }),
    "a token without a key id": () => entra.issue({ header: { kid: undefined } }),
    "a token with a path as key id": () => entra.issue({ header: { kid: "../../keys/entra-1" } }),
    "a token signed by a foreign key under a known key id": async () =>
      entra.issue({ by: await entra.createKey("entra-1") }),
    "an EdDSA token that claims Entra's issuer": async () =>
      entra.issue({ by: await entra.createKey("entra-1", "EdDSA") }),
    "a token signed with HS256 and the public key as secret": () =>
      new SignJWT({ iss: `https://login.microsoftonline.com/${tenantId}/v2.0` })
        .setProtectedHeader({ alg: "HS256", kid: "entra-1" })
        .sign(new TextEncoder().encode(JSON.stringify(entra.key.jwk))),
    "an unsigned token": async () => {
      const header = Buffer.from(JSON.stringify({ alg: "none", kid: "entra-1" })).toString("base64url");
      return `${header}.${(await entra.issue()).split(".")[1]}.`;
    },
  };

  it.each(Object.keys(rejected))("rejects %s with UNAUTHENTICATED", async (name) => {
    expect(await rejection((await rejected[name]?.()) ?? "")).toMatchObject(invalidToken);
  });

  it("rejects a published key of another algorithm, so that an EdDSA token never verifies", async () => {
    const ed = await entra.createKey("entra-ed", "EdDSA");
    entra.state.published = [ed.jwk];
    expect(await rejection(await entra.issue({ by: ed }))).toMatchObject(invalidToken);
  });

  it("never fetches what a token names in jku, x5u or jwk", async () => {
    const other = await startEntraIssuer();
    const by = await entra.createKey("foreign");
    other.state.published = [by.jwk];
    const header = { jku: other.jwksUrl, x5u: other.jwksUrl, jwk: by.jwk };
    expect(await rejection(await entra.issue({ by, header }))).toMatchObject(invalidToken);
    expect(other.calls()).toBe(0);
    await other.close();
  });

  it("judges a token by the store's clock, with 30 seconds of tolerance", async () => {
    let date = Date.now();
    const clock = { observe() {}, now: () => ({ earliest: date, latest: date }) };
    verify = createEntraVerifier({ tenantId, audience, clock, jwksUrl: entra.jwksUrl });
    const token = await entra.issue({ claims: { exp: Math.floor(date / 1000) + 60 } });
    date += 89_000;
    expect(await verify(token)).toMatchObject({ issuer: "entra" });
    date += 2_000;
    expect(await rejection(token)).toMatchObject(invalidToken);
  });
});
