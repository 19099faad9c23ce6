// A page of an allowed origin may call, and read the answer and the headers that it needs.
import { check, must } from "../check.ts";

const exposed = ["X-Trace-ID", "Retry-After", "RateLimit", "RateLimit-Policy"];

export const corsAllowed = check({
  name: "cors, allowed",
  needs: ["allowed-origin"],
  async run({ client }, { "allowed-origin": origin }) {
    const look = "the origins in the platform's CORS setting of the function app";
    const asking = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const preflight = await client.call("/v1/visits/verify", { method: "OPTIONS", headers: asking });
    const answer = await client.call("/health/live", { headers: { origin } });
    for (const { what, status, headers } of [preflight, answer]) {
      const allowed = headers.get("access-control-allow-origin");
      must(status < 300 && (allowed === origin || allowed === "*"), {
        expected: `Access-Control-Allow-Origin for ${origin} on ${what}`,
        received: `${status}, ${allowed ?? "none"}`,
        look,
      });
    }
    const methods = preflight.headers.get("access-control-allow-methods") ?? "";
    must(/\bPOST\b|\*/.test(methods), {
      expected: "POST in Access-Control-Allow-Methods",
      received: methods || "none",
      look,
    });
    const shown = answer.headers.get("access-control-expose-headers") ?? "";
    const names = new Set(shown.toLowerCase().split(/\s*,\s*/));
    must(
      exposed.every((name) => names.has(name.toLowerCase())),
      {
        expected: `Access-Control-Expose-Headers with ${exposed.join(", ")}`,
        received: shown || "none",
        look: "what stands before the app: the app sends this header itself",
      },
    );
    return `${origin} may call and read`;
  },
});
