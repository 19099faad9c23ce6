// The public signing keys are served for other services, with a cache header and without a private part.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import { jsonOf } from "../response-shape.ts";

type Jwk = Readonly<Record<string, unknown>>;
/** RFC 8037: an Ed25519 public key. `d` would be the private key. */
const isPublicKey = (key: Jwk) =>
  key.kty === "OKP" &&
  key.crv === "Ed25519" &&
  typeof key.kid === "string" &&
  typeof key.x === "string" &&
  !("d" in key);

export const keySet = check({
  name: "key set",
  needs: [],
  async run({ client }) {
    const look = "the secret signing-keys, and functions/accounts/";
    const response = await client.call("/.well-known/jwks.json");
    const { keys = [] } = jsonOf<{ keys: readonly Jwk[] }>(response, { status: 200, look });
    must(keys.length > 0 && keys.every(isPublicKey), {
      expected: `public Ed25519 keys with kid from ${response.what}, and no private key`,
      received: `${keys.length} keys with the members ${[...new Set(keys.flatMap(Object.keys))].join(", ") || "none"}`,
      look,
    });
    const policy = response.headers.get("cache-control") ?? "none";
    must(/\bpublic\b/.test(policy) && /\bmax-age=[1-9]\d*\b/.test(policy), {
      expected: `Cache-Control: public with max-age on ${response.what}`,
      received: policy,
      look,
    });
    return `${keys.length} public key${keys.length === 1 ? "" : "s"}, ${policy}`;
  },
});
