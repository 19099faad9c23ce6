// Protected routes reject a request without a token, and an unsigned token.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import type { Call } from "../client.ts";
import { mustBeError } from "../response-shape.ts";

const json = { "content-type": "application/json" };
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
/** Claims the role owner without a signature by a key of this deployment (RFC 8725, section 3.1). */
const claims = { sub: "owner", role: "owner", exp: 4_102_444_800 };
const unsigned = `${encoded({ alg: "none", typ: "at+jwt" })}.${encoded(claims)}.bm9uZQ`;
const image = "/v1/images/00000000-0000-4000-8000-000000000000";

const calls: readonly (readonly [string, Call])[] = [
  [image, {}],
  ["/v1/images", { method: "POST" }],
  ["/v1/sas", { method: "POST", headers: json, body: "{}" }],
  [image, { headers: { authorization: `Bearer ${unsigned}` } }],
];

export const authentication = check({
  name: "authentication",
  needs: [],
  async run({ client }) {
    const look = "the access of these routes in functions/routes.ts, and functions/lib/access/";
    for (const [at, call] of calls) {
      const response = await client.call(at, call);
      mustBeError(response, { status: 401, code: "UNAUTHENTICATED", look });
      must(/^Bearer\b/.test(response.headers.get("www-authenticate") ?? ""), {
        expected: `WWW-Authenticate: Bearer on the 401 of ${response.what} (RFC 6750, section 3)`,
        received: response.headers.get("www-authenticate") ?? "none",
        look,
      });
    }
    return "401 without a token and for an unsigned token";
  },
});
