// Which tokens the verifier accepts and how it rejects the others.
import { createHmac, createPrivateKey, sign } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { createStoreClock } from "../store-clock.ts";
import { parseBearer } from "./bearer.ts";
import { newKey, ringOf } from "./keys.fixture.ts";
import { roles } from "./permissions.ts";
import type { SigningKey } from "./signing-keys.ts";
import { createTokenIssuer, createTokenVerifier, signToken } from "./token.ts";

const parties = { issuer: "https://api.example", audience: "vitae" };
const now = () => Math.floor(Date.now() / 1000);
let key: SigningKey;
let foreign: SigningKey;
const clock = createStoreClock();

/** Verifies the token of an Authorization header. */
function verifierWith(keys: Parameters<typeof createTokenVerifier>[0]) {
  const authenticate = createTokenVerifier(keys, { ...parties, clock });
  return async (authorization: string | null) => authenticate(parseBearer(authorization));
}
let verify: ReturnType<typeof verifierWith>;

beforeAll(async () => {
  key = await newKey();
  foreign = await newKey();
  verify = verifierWith(ringOf(key));
});

const issue = (more: Partial<Parameters<typeof signToken>[0]> = {}) =>
  signToken({ ...parties, key, subject: "ada", role: "editor", expiresIn: 300, ...more });

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

type TokenParts = { claims?: object; header?: object; by?: SigningKey; signature?: (input: string) => Buffer };

/** A valid token except for the given parts; a claim that is undefined is left out. */
function craft({ claims = {}, header = {}, by = key, signature }: TokenParts = {}): string {
  const payload = {
    iss: parties.issuer,
    aud: parties.audience,
    sub: "ada",
    role: "editor",
    iat: now(),
    exp: now() + 300,
  };
  const input = [
    { alg: "EdDSA", typ: "at+jwt", kid: key.kid, ...header },
    { ...payload, ...claims },
  ]
    .map(base64url)
    .join(".");
  const { kty, crv, x, d } = by;
  const signed =
    signature?.(input) ?? sign(null, Buffer.from(input), createPrivateKey({ key: { kty, crv, x, d }, format: "jwk" }));
  return `${input}.${signed.toString("base64url")}`;
}

const rejection = (authorization: string | null, verifier = verify) =>
  verifier(authorization).then(
    (caller) => expect.fail(`accepted for ${caller.subject}`),
    (error: unknown) => error as AppError,
  );

const invalidToken = {
  code: "UNAUTHENTICATED",
  headers: { "WWW-Authenticate": 'Bearer realm="vitae", error="invalid_token"' },
};

describe("token verifier", () => {
  it.each(roles)("returns the subject and the role %s of a valid token", async (role) => {
    expect(await verify(`Bearer ${await issue({ role })}`)).toMatchObject({ subject: "ada", role, issuer: "vitae" });
  });

  it("accepts a token that any key of the set signed", async () => {
    const both = verifierWith(ringOf(foreign, key));
    expect(await both(`Bearer ${await issue()}`)).toMatchObject({ subject: "ada" });
  });

  it("tolerates 15 seconds of clock skew", async () => {
    expect(await verify(`Bearer ${await craft({ claims: { exp: now() - 15, nbf: now() + 15 } })}`)).toBeDefined();
  });

  it("judges times by the store's clock, not by the machine's", async () => {
    const time = Date.now() + 325_000;
    const late = { observe() {}, now: () => ({ earliest: time, latest: time }) };
    const token = await issue();
    const verifyLate = createTokenVerifier(ringOf(key), { ...parties, clock: late });
    expect(await verifyLate(token)).toMatchObject({ subject: "ada" });
    const later = { observe() {}, now: () => ({ earliest: time + 10_000, latest: time + 10_000 }) };
    await expect(createTokenVerifier(ringOf(key), { ...parties, clock: later })(token)).rejects.toMatchObject(
      invalidToken,
    );
  });

  it("signs a different token each time", async () => {
    expect(await issue()).not.toBe(await issue());
  });

  const cases: Record<string, () => Promise<string> | string> = {
    "a token of another issuer": () => issue({ issuer: "https://evil.example" }),
    "a token for another audience": () => issue({ audience: "another" }),
    "a token without an audience": () => craft({ claims: { aud: undefined } }),
    "an expired token": () => issue({ expiresIn: -60 }),
    "a token that is not valid yet": () => craft({ claims: { nbf: now() + 60 } }),
    "a token without exp": () => craft({ claims: { exp: undefined } }),
    "a token with an exp that is text": () => craft({ claims: { exp: "never" } }),
    "a token without iat": () => craft({ claims: { iat: undefined } }),
    "a token without sub": () => craft({ claims: { sub: undefined } }),
    "a token with an empty sub": () => craft({ claims: { sub: "" } }),
    "a token with a path as sub": () => craft({ claims: { sub: "../owner" } }),
    "a token with a sub of 65 characters": () => craft({ claims: { sub: "a".repeat(65) } }),
    "a token without a role": () => craft({ claims: { role: undefined } }),
    "a token with an unknown role": () => craft({ claims: { role: "admin" } }),
    "a token with a role from Object.prototype": () => craft({ claims: { role: "constructor" } }),
    "a token with a list of roles": () => craft({ claims: { role: ["owner"] } }),
    "a token of another type": () => craft({ header: { typ: "JWT" } }),
    "a token without a type": () => craft({ header: { typ: undefined } }),
    "a token without a key id": () => craft({ header: { kid: undefined } }),
    "three parts that are not JSON": () => "abc.def.ghi",
    "a token with an unknown key id": () => craft({ header: { kid: "who" } }),
    "a token with a key id that is not text": () => craft({ header: { kid: 7 } }),
    "a token signed by another key under a known id": () => craft({ by: foreign }),
    "a token with a path as key id": () => craft({ by: foreign, header: { kid: "../../secrets/owner-password" } }),
    "a token that brings its own key": () =>
      craft({ by: foreign, header: { jwk: { kty: "OKP", crv: "Ed25519", x: foreign.x } } }),
    "a token with the address of its own key set": () =>
      craft({ by: foreign, header: { jku: "https://evil.example/jwks.json", x5u: "https://evil.example/x5u" } }),
    "a token with an unknown critical extension": () => craft({ header: { crit: ["exp"], exp: 1 } }),
    "an unsigned token": () => craft({ header: { alg: "none" }, signature: () => Buffer.alloc(0) }),
    "a signed token with alg none": () => craft({ header: { alg: "none" } }),
    "a token signed with HS256 and the public key as secret": () =>
      craft({
        header: { alg: "HS256" },
        signature: (input) => createHmac("sha256", Buffer.from(key.x, "base64url")).update(input).digest(),
      }),
    "a token with changed claims": async () => {
      const [header, payload = "", signature] = (await issue()).split(".");
      const claims = { ...JSON.parse(Buffer.from(payload, "base64url").toString()), role: "owner" };
      return [header, base64url(claims), signature].join(".");
    },
    "a genuine token of more than 16,384 characters": () => craft({ claims: { padding: "x".repeat(16_384) } }),
    "a token with a truncated signature": async () => (await issue()).slice(0, -4),
  };

  it.each(Object.keys(cases))("rejects %s with UNAUTHENTICATED", async (name) => {
    const error = await rejection(`Bearer ${await cases[name]?.()}`);
    expect(error).toMatchObject(invalidToken);
    expect(error.message).toMatch(/\.$/);
  });

  it("rejects three arbitrary parts with UNAUTHENTICATED", async () => {
    const part = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."AZaz09_-"), minLength: 1, maxLength: 40 }),
      fc.json().map((text) => Buffer.from(text).toString("base64url")),
      fc
        .record({ alg: fc.constantFrom("EdDSA", "Ed25519", "none", "HS256", "RS256"), typ: fc.constant("at+jwt") })
        .map((header) => base64url({ ...header, kid: key.kid })),
    );
    await fc.assert(
      fc.asyncProperty(fc.tuple(part, part, part), async (parts) => {
        expect(await rejection(`Bearer ${parts.join(".")}`)).toMatchObject(invalidToken);
      }),
      { numRuns: 500 },
    );
  });
});

it("token verification fails with DEPENDENCY_UNAVAILABLE while the keys cannot be read", async () => {
  const down = verifierWith({ find: () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "down")) });
  expect(await rejection(`Bearer ${await issue()}`, down)).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  expect(await rejection(null, down)).toMatchObject({ code: "UNAUTHENTICATED" });
});

it("the issuer signs tokens of 15 minutes with role, session and the user's validFrom as earliest time", async () => {
  const issueToken = createTokenIssuer(ringOf(key), { ...parties, clock });
  const validFrom = now() + 2;
  const { token, expiresIn } = await issueToken({
    subject: "ada",
    role: "viewer",
    session: "s1",
    notBefore: validFrom,
  });
  const { exp, jti } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  expect([expiresIn, exp, jti]).toEqual([900, validFrom + 900, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  expect(await verify(`Bearer ${token}`)).toEqual({
    subject: "ada",
    role: "viewer",
    session: "s1",
    issuedAt: validFrom,
    issuer: "vitae",
  });
});
