// A page of any other origin may not read.
import { check, must } from "../check.ts";

export const corsRefused = check({
  name: "cors, refused",
  needs: ["refused-origin"],
  async run({ client }, { "refused-origin": origin }) {
    const asking = { origin, "access-control-request-method": "POST" };
    const preflight = await client.call("/v1/visits/verify", { method: "OPTIONS", headers: asking });
    const answer = await client.call("/health/live", { headers: { origin } });
    for (const { what, headers } of [preflight, answer]) {
      const allowed = headers.get("access-control-allow-origin");
      must(allowed !== origin && allowed !== "*", {
        expected: `no Access-Control-Allow-Origin for ${origin} on ${what}`,
        received: `${allowed}`,
        look: "the origins in the platform's CORS setting of the function app",
      });
    }
    return `${origin} may not read`;
  },
});
