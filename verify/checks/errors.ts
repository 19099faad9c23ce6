// Errors have one shape, their own codes, and show nothing of what is inside.

import { check, must } from "../check.ts";
import type { Call } from "../client.ts";
import { mustBeError } from "../response-shape.ts";

type Wrong = { readonly at: string; readonly call?: Call; readonly status: number; readonly code: string };
const wrong: readonly Wrong[] = [
  { at: "/verify-nothing", status: 404, code: "NOT_FOUND" },
  { at: "/v1/visits/Not_A_Page", status: 400, code: "VALIDATION_FAILED" },
  { at: "/v1/visits/verify", call: { method: "PATCH" }, status: 405, code: "METHOD_NOT_ALLOWED" },
];
/** A line of a stack, a file of the app or of its libraries. */
const INSIDE = /\bat \S+ ?\(|\bat (?:async )?file:|node_modules|\.[cm]?[jt]s:\d+|\/home\/|\\\\/;
const look = "what stands before the app and may answer in its place, and the app's log";

export const errors = check({
  name: "errors",
  needs: [],
  async run({ client }) {
    for (const { at, call, status, code } of wrong) {
      const answer = await client.call(at, call);
      mustBeError(answer, { status, code, look });
      const [inside] = INSIDE.exec(answer.text) ?? [];
      must(inside === undefined, {
        expected: `nothing of the inside in the answer to ${answer.what}`,
        received: `${inside}`,
        look: "the boundary that writes errors: it sends more than the message",
      });
      const allowed = answer.headers.get("allow") ?? "";
      must(status !== 405 || /\bGET\b.*\bPOST\b|\bPOST\b.*\bGET\b/.test(allowed), {
        expected: "GET and POST in the header Allow of a 405",
        received: allowed || "no Allow",
        look,
      });
    }
    return wrong.map(({ status, code }) => `${status} ${code}`).join(", ");
  },
});
