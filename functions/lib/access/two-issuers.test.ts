// Both verifiers together, with real keys: a token of one issuer never passes as one of the other.
import { importJWK, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { createStoreClock } from "../store-clock.ts";
import { type Authenticate, createAuthenticate } from "./authenticate.ts";
import { audience, oid, startEntraIssuer, tenantId } from "./entra-issuer.fixture.ts";
import { createEntraVerifier, entraIssuer } from "./entra-token.ts";
import { newKey, ringOf } from "./keys.fixture.ts";
import type { User } from "./roster.ts";
import { publicKeyOf, type SigningKey } from "./signing-keys.ts";
import { createTokenVerifier, signToken } from "./token.ts";

const own = { issuer: "vitae", audience: "vitae" };
const clock = createStoreClock();
let entra: Awaited<ReturnType<typeof startEntraIssuer>>;
let key: SigningKey;
let verify: ReturnType<typeof createTokenVerifier>;
let verifyEntra: ReturnType<typeof createEntraVerifier>;
let authenticate: Authenticate;

// Every subject exists, so that only the verifiers decide.
const users = { find: async (id: string) => ({ id, role: "owner", state: "active", validFrom: 0 }) as User };

beforeAll(async () => {
  entra = await startEntraIssuer();
  key = await newKey();
  // The worst case: Entra's endpoint also publishes our key.
  entra.state.published = [entra.key.jwk, publicKeyOf(key)];
  verify = createTokenVerifier(ringOf(key), { ...own, clock });
  verifyEntra = createEntraVerifier({ tenantId, audience, clock, jwksUrl: entra.jwksUrl });
  authenticate = createAuthenticate({ verify, entra: { issuer: entraIssuer(tenantId), verify: verifyEntra }, users });
});
afterAll(() => entra.close());

/** What an own token claims, for Entra's claims too. */
const claims = { aud: [own.audience, audience], sub: "owner", role: "owner" };
const ownToken = (subject = "owner") => signToken({ ...own, key, subject, role: "owner", expiresIn: 300 });
const statusOf = (token: string, by = authenticate) =>
  by(`Bearer ${token}`).then(
    ({ subject }) => subject,
    ({ code }: AppError) => code,
  );

it("accepts tokens of both issuers, each under its own subject", async () => {
  expect(await statusOf(await ownToken())).toBe("owner");
  expect(await statusOf(await entra.issue())).toBe(`entra.${oid}`);
});

it("rejects an RS256 token of Entra's key that claims our issuer", async () => {
  for (const kid of [key.kid, entra.key.kid])
    expect(
      await statusOf(await entra.issue({ claims: { ...claims, iss: own.issuer }, header: { typ: "at+jwt", kid } })),
    ).toBe("UNAUTHENTICATED");
});

it("rejects an EdDSA token of our key that claims Entra's issuer", async () => {
  const privateKey = await importJWK(key, "EdDSA");
  const [, body = ""] = (await entra.issue({ claims })).split(".");
  const token = await new SignJWT(JSON.parse(Buffer.from(body, "base64url").toString()))
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: key.kid })
    .sign(privateKey);
  expect(await statusOf(token)).toBe("UNAUTHENTICATED");
});

it("rejects tokens of Entra ID where it is not configured, and those of version 1.0, and says why", async () => {
  const rejection = { code: "UNAUTHENTICATED", message: expect.stringContaining("One of Entra ID is accepted in") };
  const withoutEntra = createAuthenticate({ verify, users });
  await expect(withoutEntra(`Bearer ${await entra.issue()}`)).rejects.toMatchObject(rejection);
  const v1 = await entra.issue({ claims: { iss: `https://sts.windows.net/${tenantId}/`, ver: "1.0" } });
  await expect(authenticate(`Bearer ${v1}`)).rejects.toMatchObject(rejection);
});

it.each<[Record<string, string | number | undefined>, string]>([
  [{ iss: "https://example.com" }, "issuer is not accepted"],
  [{ aud: "other" }, "issued for another API"],
  [{ nbf: 4_000_000_000 }, "not valid yet"],
  [{ iat: undefined }, "lacks the claim iat"],
  [{ typ: "JWT" }, "not an access token"],
])("names the rule that a signed token with %j breaks", async (changes, message) => {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: own.issuer, aud: own.audience, sub: "owner", role: "owner", iat: now, exp: now + 60 };
  const { typ, ...claims } = { typ: "at+jwt", ...payload, ...changes };
  const token = await new SignJWT(claims as JWTPayload)
    .setProtectedHeader({ alg: "EdDSA", typ: String(typ), kid: key.kid })
    .sign(await importJWK(key, "EdDSA"));
  await expect(authenticate(`Bearer ${token}`)).rejects.toMatchObject({ message: expect.stringContaining(message) });
});

it("lets each issuer's users in while the keys of the other cannot be read", async () => {
  const down = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "down"));
  const issuer = entraIssuer(tenantId);
  const withoutEntra = createAuthenticate({ verify, entra: { issuer, verify: down }, users });
  expect(await statusOf(await ownToken(), withoutEntra)).toBe("owner");
  const withoutVault = createAuthenticate({ verify: down, entra: { issuer, verify: verifyEntra }, users });
  expect(await statusOf(await entra.issue(), withoutVault)).toBe(`entra.${oid}`);
});
