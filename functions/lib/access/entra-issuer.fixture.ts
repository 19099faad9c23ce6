// A tenant of Entra ID on loopback: serves its keys over HTTP and signs tokens with the claims that Entra's have.
import { createServer, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { listen } from "../../../local/listen.ts";

export const tenantId = "8c1f4a7e-9a55-4b1c-9b0e-3f3d2a1c0b9a";
export const audience = "1f0e5b34-6a0f-4a3a-8f0e-0d6b1f2a7c11";
export const oid = "d3b0c7f2-1111-4222-8333-444455556666";

async function createKey(kid: string, alg: "RS256" | "EdDSA" = "RS256", modulusLength = 2048) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, modulusLength });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: "sig" } };
}

type Key = Awaited<ReturnType<typeof createKey>>;
type TokenParts = { claims?: Readonly<Record<string, unknown>>; header?: object; by?: Key };

/** An issuer that serves the keys in `published`, or whatever `respond` writes. */
export async function startEntraIssuer() {
  const key = await createKey("entra-1");
  let calls = 0;
  const state = {
    published: [key.jwk] as readonly object[],
    respond: undefined as ((response: ServerResponse) => void) | undefined,
  };
  const server = createServer((_, response) => {
    calls += 1;
    if (state.respond) return state.respond(response);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: state.published }));
  });
  const { port, close } = await listen(server, "The issuer");

  /** An access token as Entra issues it, except for the given parts; a claim that is undefined is left out. */
  function issue({ claims = {}, header = {}, by = key }: TokenParts = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      aud: audience,
      iss: `https://login.microsoftonline.com/${tenantId}/v2.0`,
      iat: now,
      nbf: now,
      exp: now + 4_000,
      azp: "7a0c3b56-2b3c-4f51-8d0e-5a6b7c8d9e0f",
      name: "Ada",
      oid,
      roles: ["editor"],
      scp: "access_as_user",
      sub: "pairwise-subject",
      tid: tenantId,
      ver: "2.0",
      ...claims,
    })
      .setProtectedHeader({ alg: by.alg, typ: "JWT", kid: by.kid, ...header })
      .sign(by.privateKey);
  }

  return {
    state,
    key,
    createKey,
    issue,
    jwksUrl: `http://127.0.0.1:${port}/keys`,
    calls: () => calls,
    close,
  };
}
