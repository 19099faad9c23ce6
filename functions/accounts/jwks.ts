// GET /.well-known/jwks.json: the public signing keys (RFC 7517), for services that verify our tokens.
import { z } from "zod";
import type { KeyRing } from "../lib/access/key-ring.ts";
import { stateAt } from "../lib/access/key-states.ts";
import { operation } from "../lib/http/operation.ts";
import type { StoreClock } from "../lib/store-clock.ts";

/** Shorter than the ten minutes between a key's publication and its first token. */
const MAX_AGE_S = 300;

const publicKey = z
  .object({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    alg: z.literal("EdDSA"),
    use: z.literal("sig"),
    kid: z.string(),
    x: z.string(),
  })
  .meta({ id: "PublicKey", description: "A public Ed25519 key as JWK (RFC 8037)." });

export const jwks = operation({
  tag: "Keys",
  summary: "Get the public keys",
  description: "The keys that verify access tokens, and the next one from ten minutes before it signs.",
  responses: {
    200: {
      description: "A JWK set.",
      schema: z.object({ keys: z.array(publicKey) }),
      headers: {
        "Cache-Control": { description: "Five minutes.", example: `public, max-age=${MAX_AGE_S}` },
      },
    },
  },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: {
    response: {
      keys: [
        {
          kty: "OKP",
          crv: "Ed25519",
          alg: "EdDSA",
          use: "sig",
          kid: "6f1de6a4-6a53-4f06-9d0c-3a3f86f0b6a1",
          x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        },
      ],
    },
  },
  handler: async (_, { keyRing, accountsClock }: { keyRing: KeyRing; accountsClock: StoreClock }) => {
    const versions = await keyRing.list();
    const now = accountsClock.now().latest;
    const keys = versions.filter((each) => stateAt(each, now) !== "retired").flatMap(({ publicKeys }) => publicKeys);
    return { json: { keys }, headers: { "Cache-Control": `public, max-age=${MAX_AGE_S}` } };
  },
});
