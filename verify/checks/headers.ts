// Security headers are on responses and on errors.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";

const required: Readonly<Record<string, RegExp>> = {
  "x-content-type-options": /^nosniff$/i,
  "x-frame-options": /^DENY$/i,
  "content-security-policy": /default-src 'none'/,
  "referrer-policy": /^no-referrer$/i,
  "cache-control": /\bno-store\b/,
};
/** Browsers honour this one over TLS only. */
const overTls = { "strict-transport-security": /max-age=[1-9]\d{6,}/ };

export const headers = check({
  name: "security headers",
  needs: [],
  async run({ client }) {
    const all = Object.entries({ ...required, ...(client.api.startsWith("https:") && overTls) });
    for (const path of ["/health/live", "/verify-headers"]) {
      const response = await client.call(path);
      for (const [name, rule] of all)
        must(rule.test(response.headers.get(name) ?? ""), {
          expected: `${name} like ${rule.source} on ${response.what} (${response.status})`,
          received: response.headers.get(name) ?? "none",
          look: "a proxy that may remove headers: the app sends them on every response",
        });
    }
    return `${all.length} headers on a response and on an error`;
  },
});
