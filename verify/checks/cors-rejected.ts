// A page of any other origin may not read responses.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";

export const corsRejected = check({
  name: "cors, rejected",
  needs: ["rejected-origin"],
  async run({ client }, { "rejected-origin": origin }) {
    const headers = { origin, "access-control-request-method": "POST" };
    const preflight = await client.call("/v1/visits/verify", { method: "OPTIONS", headers });
    const response = await client.call("/health/live", { headers: { origin } });
    for (const { what, headers } of [preflight, response]) {
      const allowed = headers.get("access-control-allow-origin");
      must(allowed !== origin && allowed !== "*", {
        expected: `no Access-Control-Allow-Origin for ${origin} on ${what}`,
        received: `${allowed}`,
        look: "the origins in the platform's CORS setting of the function app",
      });
    }
    return `${origin} may not read responses`;
  },
});
