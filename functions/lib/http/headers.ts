// Headers that every answer carries. Pure.

const always = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  // Which origins may read is the platform's CORS policy; it exposes no headers, so the app says which may be read.
  "Access-Control-Expose-Headers": "X-Trace-ID, Retry-After, RateLimit, RateLimit-Policy, Location, ETag",
  Vary: "Origin",
} as const;

const secure = { ...always, "Strict-Transport-Security": "max-age=63072000; includeSubDomains" } as const;

/** An answer's own headers override these, Cache-Control above all. */
export function commonHeaders(url: string): Readonly<Record<string, string>> {
  return url.startsWith("https:") ? secure : always;
}
