// Errors have one shape, the documented codes, and no internal details.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import type { Call } from "../client.ts";
import { mustBeError } from "../response-shape.ts";

type InvalidRequest = { readonly at: string; readonly call?: Call; readonly status: number; readonly code: string };
const requests: readonly InvalidRequest[] = [
  { at: "/verify-nothing", status: 404, code: "NOT_FOUND" },
  { at: "/v1/visits/Not_A_Page", status: 400, code: "VALIDATION_FAILED" },
  { at: "/v1/visits/verify", call: { method: "PATCH" }, status: 405, code: "METHOD_NOT_ALLOWED" },
];
/** A line of a stack trace, or a source file. */
const INTERNALS = /\bat \S+ ?\(|\bat (?:async )?file:|node_modules|\.[cm]?[jt]s:\d+|\/home\/|\\\\/;
const look = "a proxy that may respond before the app, and the app's log";

export const errors = check({
  name: "errors",
  needs: [],
  async run({ client }) {
    for (const { at, call, status, code } of requests) {
      const response = await client.call(at, call);
      mustBeError(response, { status, code, look });
      const [internals] = INTERNALS.exec(response.text) ?? [];
      must(internals === undefined, {
        expected: `no internal details in the response to ${response.what}`,
        received: `${internals}`,
        look: "the boundary that writes error responses",
      });
      const allowed = response.headers.get("allow") ?? "";
      must(status !== 405 || /\bGET\b.*\bPOST\b|\bPOST\b.*\bGET\b/.test(allowed), {
        expected: "GET and POST in the Allow header of a 405",
        received: allowed || "no Allow",
        look,
      });
    }
    return requests.map(({ status, code }) => `${status} ${code}`).join(", ");
  },
});
