// Which tokens are accepted, and how every other is refused.
import { createHmac, createPrivateKey, sign } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { roles } from "./permissions.ts";
import { generateSigningKeys, parseSigningKeys, type SigningKey } from "./signing-keys.ts";
import { createTokenVerifier, signToken, type TokenVerifier } from "./token.ts";

const parties = { issuer: "https://api.example", audience: "vitae" };
const now = () => Math.floor(Date.now() / 1000);
let key: SigningKey;
let foreign: SigningKey;
let verify: TokenVerifier;

beforeAll(async () => {
  key = parseSigningKeys(await generateSigningKeys())[0];
  foreign = parseSigningKeys(await generateSigningKeys())[0];
  verify = createTokenVerifier(async () => [key], parties);
});

const issue = (more: Partial<Parameters<typeof signToken>[0]> = {}) =>
  signToken({ ...parties, key, subject: "ada", role: "editor", expiresIn: 300, ...more });

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

type Crafted = { claims?: object; header?: object; by?: SigningKey; signature?: (input: string) => Buffer };

/** A token that is right in everything but what is given; undefined takes a claim away. */
function craft({ claims = {}, header = {}, by = key, signature }: Crafted = {}): string {
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

const refusal = (authorization: string | null, verifier = verify) =>
  verifier(authorization).then(
    (caller) => expect.fail(`accepted for ${caller.subject}`),
    (error: unknown) => error as AppError,
  );

const refused = {
  code: "UNAUTHENTICATED",
  headers: { "WWW-Authenticate": 'Bearer realm="vitae", error="invalid_token"' },
};

describe("a token", () => {
  it.each(roles)("that was signed here is accepted, and speaks for its subject as %s", async (role) => {
    expect(await verify(`Bearer ${await issue({ role })}`)).toEqual({ subject: "ada", role });
  });

  it("is accepted however the word Bearer is written and spaced (RFC 9110 section 11.1, RFC 6750 section 2.1)", async () => {
    const token = await issue();
    for (const scheme of ["bearer ", "BEARER ", "Bearer   "])
      expect(await verify(scheme + token)).toMatchObject({ subject: "ada" });
  });

  it("is accepted when any key of the set signed it, so that keys can be rotated", async () => {
    const both = createTokenVerifier(async () => [foreign, key], parties);
    expect(await both(`Bearer ${await issue()}`)).toMatchObject({ subject: "ada" });
  });

  it("may be off by half a minute, since clocks are", async () => {
    expect(await verify(`Bearer ${await craft({ claims: { exp: now() - 15, nbf: now() + 15 } })}`)).toBeDefined();
  });

  it("has an id of its own", async () => {
    expect(await issue()).not.toBe(await issue());
  });
});

describe("without a token", () => {
  it("the refusal names the scheme alone (RFC 6750 section 3.1)", async () => {
    expect(await refusal(null)).toMatchObject({
      code: "UNAUTHENTICATED",
      headers: { "WWW-Authenticate": 'Bearer realm="vitae"' },
    });
  });

  it.each<[string, string]>([
    ["an empty header", ""],
    ["another scheme", "Basic YWRhOmh1bnRlcjI="],
    ["the scheme alone", "Bearer"],
    ["no space", "Bearera.b.c"],
    ["two segments", "Bearer a.b"],
    ["four segments", "Bearer a.b.c.d"],
    ["two tokens", "Bearer a.b.c, Bearer a.b.c"],
    ["letters that base64url does not have", "Bearer a+.b/.c="],
    ["segments that are no JSON", "Bearer abc.def.ghi"],
    ["a huge header", `Bearer ${"a".repeat(200_000)}`],
    ["a huge token", `Bearer ${"a".repeat(100_000)}.${"b".repeat(100_000)}.c`],
    ["very many spaces", `Bearer${" ".repeat(200_000)}x`],
  ])("a header with %s is refused", async (_, header) => {
    expect(await refusal(header)).toMatchObject(refused);
  });
});

describe("a token is refused", () => {
  const cases: Record<string, () => Promise<string> | string> = {
    "of another issuer": () => issue({ issuer: "https://evil.example" }),
    "for another audience": () => issue({ audience: "another" }),
    "for nobody": () => craft({ claims: { aud: undefined } }),
    "that has expired": () => issue({ expiresIn: -60 }),
    "that is not valid yet": () => craft({ claims: { nbf: now() + 60 } }),
    "without exp": () => craft({ claims: { exp: undefined } }),
    "with an exp that is text": () => craft({ claims: { exp: "never" } }),
    "without iat": () => craft({ claims: { iat: undefined } }),
    "without sub": () => craft({ claims: { sub: undefined } }),
    "with an empty sub": () => craft({ claims: { sub: "" } }),
    "with a path for a sub": () => craft({ claims: { sub: "../owner" } }),
    "with a sub of 65 characters": () => craft({ claims: { sub: "a".repeat(65) } }),
    "without a role": () => craft({ claims: { role: undefined } }),
    "with an unknown role": () => craft({ claims: { role: "admin" } }),
    "with a role from the prototype": () => craft({ claims: { role: "constructor" } }),
    "with a list of roles": () => craft({ claims: { role: ["owner"] } }),
    "of another type": () => craft({ header: { typ: "JWT" } }),
    "of no type": () => craft({ header: { typ: undefined } }),
    "without a key id": () => craft({ header: { kid: undefined } }),
    "with an unknown key id": () => craft({ header: { kid: "who" } }),
    "with a key id that is no text": () => craft({ header: { kid: 7 } }),
    "that another key signed under a known id": () => craft({ by: foreign }),
    "that brings its own key": () =>
      craft({ by: foreign, header: { jwk: { kty: "OKP", crv: "Ed25519", x: foreign.x } } }),
    "that asks for an extension nobody knows": () => craft({ header: { crit: ["exp"], exp: 1 } }),
    "that is not signed": () => craft({ header: { alg: "none" }, signature: () => Buffer.alloc(0) }),
    "that names alg none beside a signature": () => craft({ header: { alg: "none" } }),
    "signed with HS256 and the public key as its secret": () =>
      craft({
        header: { alg: "HS256" },
        signature: (input) => createHmac("sha256", Buffer.from(key.x, "base64url")).update(input).digest(),
      }),
    "whose claims were changed": async () => {
      const [header, payload = "", signature] = (await issue()).split(".");
      const claims = { ...JSON.parse(Buffer.from(payload, "base64url").toString()), role: "owner" };
      return [header, base64url(claims), signature].join(".");
    },
    "whose signature was cut": async () => (await issue()).slice(0, -4),
  };

  it.each(Object.keys(cases))("%s", async (name) => {
    const error = await refusal(`Bearer ${await cases[name]?.()}`);
    expect(error).toMatchObject(refused);
    expect(error.message).toMatch(/\.$/);
  });

  it("whatever its three parts hold, and never with another error", async () => {
    const part = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."AZaz09_-"), minLength: 1, maxLength: 40 }),
      fc.json().map((text) => Buffer.from(text).toString("base64url")),
      fc
        .record({ alg: fc.constantFrom("EdDSA", "Ed25519", "none", "HS256", "RS256"), typ: fc.constant("at+jwt") })
        .map((header) => base64url({ ...header, kid: key.kid })),
    );
    await fc.assert(
      fc.asyncProperty(fc.tuple(part, part, part), async (parts) => {
        expect(await refusal(`Bearer ${parts.join(".")}`)).toMatchObject(refused);
      }),
      { numRuns: 500 },
    );
  });
});

it("a token is neither accepted nor refused while the keys cannot be read", async () => {
  const down = createTokenVerifier(() => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "down")), parties);
  expect(await refusal(`Bearer ${await issue()}`, down)).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  expect(await refusal(null, down)).toMatchObject({ code: "UNAUTHENTICATED" });
});
