// The choice of the verifier, and what the roster says about the user of a token.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { createAuthenticate } from "./authenticate.ts";
import type { User } from "./roster.ts";
import type { VerifiedToken } from "./token.ts";

const ENTRA = "https://login.microsoftonline.com/tenant/v2.0";
const ada: User = {
  id: "ada",
  email: "ada@example.com",
  role: "editor",
  tier: "free",
  state: "active",
  validFrom: 1_000,
  createdAt: 0,
};

/** A token with these claims; the verifiers of this test do not look at its signature. */
const tokenOf = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
const token = tokenOf({ iss: "vitae" });

function setup({ user, verified }: { user?: Partial<User>; verified?: Partial<VerifiedToken> } = {}) {
  const verifiedBy: string[] = [];
  const verifierOf = (issuer: VerifiedToken["issuer"], subject: string) => async () => {
    verifiedBy.push(issuer);
    return { subject, role: "owner", issuedAt: 1_000, issuer, ...verified } as VerifiedToken;
  };
  const authenticate = createAuthenticate({
    verify: verifierOf("vitae", "ada"),
    entra: { issuer: ENTRA, verify: verifierOf("entra", "entra.1") },
    users: { find: async (id) => (id === "ada" ? { ...ada, ...user } : undefined) },
  });
  return { authenticate, verifiedBy };
}

const rejection = (header: string, options?: Parameters<typeof setup>[0]) =>
  setup(options)
    .authenticate(header)
    .then(
      ({ subject }) => expect.fail(`accepted for ${subject}`),
      (error: unknown) => error as AppError,
    );
const invalidToken = {
  code: "UNAUTHENTICATED",
  headers: { "WWW-Authenticate": 'Bearer realm="vitae", error="invalid_token"' },
};

describe("the roster", () => {
  it("gives a caller the lower of the roles of token and user, the user's tier and the token's session", async () => {
    const verified = { session: "s1" };
    expect(await setup({ verified }).authenticate(`Bearer ${token}`)).toEqual({
      subject: "ada",
      role: "editor",
      session: "s1",
      tier: "free",
    });
    expect(await setup({ verified: { role: "viewer" } }).authenticate(`Bearer ${token}`)).toMatchObject({
      role: "viewer",
    });
  });

  it.each<[string, Parameters<typeof setup>[0]]>([
    ["an unknown user", { verified: { subject: "eve" } }],
    ["a disabled user", { user: { state: "disabled" } }],
    ["a user whose tokens were revoked later", { verified: { issuedAt: 999 } }],
  ])("rejects a token of %s with invalid_token", async (_, options) => {
    expect(await rejection(`Bearer ${token}`, options)).toMatchObject(invalidToken);
  });

  it("fails with DEPENDENCY_UNAVAILABLE while the roster cannot be read", async () => {
    const authenticate = createAuthenticate({
      verify: async () => ({ subject: "ada", role: "owner", issuedAt: 0, issuer: "vitae" }),
      users: { find: () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "down")) },
    });
    await expect(authenticate(`Bearer ${token}`)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  });
});

describe("the issuer of a token", () => {
  it("chooses the verifier, and a caller of Entra ID needs no user in the roster", async () => {
    const { authenticate, verifiedBy } = setup();
    expect(await authenticate(`Bearer ${tokenOf({ iss: ENTRA })}`)).toEqual({ subject: "entra.1", role: "owner" });
    expect(verifiedBy).toEqual(["entra"]);
  });

  it.each([{ iss: `${ENTRA}/` }, { iss: [ENTRA] }, {}, []])(
    "is our own unless it is exactly Entra's: %j",
    async (claims) => {
      const { authenticate, verifiedBy } = setup();
      await authenticate(`Bearer ${tokenOf(claims)}`);
      expect(verifiedBy).toEqual(["vitae"]);
    },
  );
});
