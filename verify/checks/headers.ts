// The headers that keep an answer from being framed, sniffed, run or cached: on what works and on what fails.
import { check, must } from "../check.ts";

const wanted: Readonly<Record<string, RegExp>> = {
  "x-content-type-options": /^nosniff$/i,
  "x-frame-options": /^DENY$/i,
  "content-security-policy": /default-src 'none'/,
  "referrer-policy": /^no-referrer$/i,
  "cache-control": /\bno-store\b/,
};
/** A browser takes this one over TLS only. */
const overTls = { "strict-transport-security": /max-age=[1-9]\d{6,}/ };

export const headers = check({
  name: "security headers",
  needs: [],
  async run({ client }) {
    const all = Object.entries({ ...wanted, ...(client.api.startsWith("https:") && overTls) });
    for (const path of ["/health/live", "/verify-headers"]) {
      const answer = await client.call(path);
      for (const [name, rule] of all)
        must(rule.test(answer.headers.get(name) ?? ""), {
          expected: `${name} like ${rule.source} on ${answer.what} (${answer.status})`,
          received: answer.headers.get(name) ?? "none",
          look: "whatever stands before the app and may drop headers: the app sends them on every answer",
        });
    }
    return `${all.length} on an answer and on an error`;
  },
});
