// A page of an allowed origin may send requests, and read responses with the headers that it needs.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";

const exposed = ["X-Trace-ID", "Retry-After", "RateLimit", "RateLimit-Policy"];

export const corsAllowed = check({
  name: "cors, allowed",
  needs: ["allowed-origin"],
  async run({ client }, { "allowed-origin": origin }) {
    const look = "the origins in the platform's CORS setting of the function app";
    const requestHeaders = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const preflight = await client.call("/v1/visits/verify", { method: "OPTIONS", headers: requestHeaders });
    const response = await client.call("/health/live", { headers: { origin } });
    for (const { what, status, headers } of [preflight, response]) {
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
    const exposedHeaders = response.headers.get("access-control-expose-headers") ?? "";
    const names = new Set(exposedHeaders.toLowerCase().split(/\s*,\s*/));
    must(
      exposed.every((name) => names.has(name.toLowerCase())),
      {
        expected: `Access-Control-Expose-Headers with ${exposed.join(", ")}`,
        received: exposedHeaders || "none",
        look: "a proxy before the app: the app sends this header",
      },
    );
    return `${origin} may send requests and read responses`;
  },
});
