// What needs a token is refused without one, and with one that nobody signed.

import { check, must } from "../check.ts";
import type { Call } from "../client.ts";
import { mustBeError } from "../response-shape.ts";

const json = { "content-type": "application/json" };
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
/** The owner by its own word: no key of this deployment made the signature (RFC 8725, section 3.1). */
const claims = { sub: "owner", role: "owner", exp: 4_102_444_800 };
const unsigned = `${encoded({ alg: "none", typ: "at+jwt" })}.${encoded(claims)}.bm9uZQ`;
const image = "/v1/images/00000000-0000-4000-8000-000000000000";

const calls: readonly (readonly [string, Call])[] = [
  [image, {}],
  ["/v1/images", { method: "POST" }],
  ["/v1/sas", { method: "POST", headers: json, body: "{}" }],
  [image, { headers: { authorization: `Bearer ${unsigned}` } }],
];

export const refusal = check({
  name: "refusal",
  needs: [],
  async run({ client }) {
    const look = "the access of these routes in functions/routes.ts, and how tokens are checked";
    for (const [at, call] of calls) {
      const answer = await client.call(at, call);
      mustBeError(answer, { status: 401, code: "UNAUTHENTICATED", look });
      must(/^Bearer\b/.test(answer.headers.get("www-authenticate") ?? ""), {
        expected: `WWW-Authenticate: Bearer on the 401 of ${answer.what} (RFC 6750, section 3)`,
        received: answer.headers.get("www-authenticate") ?? "none",
        look,
      });
    }
    return "images and links without a token, and with an unsigned one";
  },
});
