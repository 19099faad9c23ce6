// The headers of the OpenAPI document: what every answer, or every answer of a kind, carries. Constants.
import type { Json } from "./openapi-schemas.ts";

export const headers = {
  "X-Trace-ID": {
    description: "The id of this request, in every log line that it caused: quote it when you report something.",
    required: true,
    schema: { type: "string", pattern: "^[0-9a-f]{32}$" },
    example: "d58135d2adce495bb12530f46a7a9353",
  },
  RateLimit: {
    description:
      "For each policy that was asked: `r` requests are left, and in `t` seconds all of them are back (draft-ietf-httpapi-ratelimit-headers). Absent while the limits of a deployment are off.",
    schema: { type: "string" },
    example: '"default";r=29;t=60',
  },
  "RateLimit-Policy": {
    description: "For each policy: `q` requests in a window of `w` seconds. Absent while the limits are off.",
    schema: { type: "string" },
    example: '"default";q=30;w=60',
  },
  "Retry-After": {
    description: "Seconds after which trying again makes sense.",
    required: true,
    schema: { type: "integer", minimum: 0 },
    example: 5,
  },
  "WWW-Authenticate": {
    description: "What to present, and why what was presented was refused (RFC 6750).",
    required: true,
    schema: { type: "string" },
    example: 'Bearer realm="vitae", error="invalid_token"',
  },
} as const satisfies Record<string, Json>;

export type HeaderName = keyof typeof headers;

export const limitHeaders = ["RateLimit", "RateLimit-Policy"] as const satisfies readonly HeaderName[];

export const headerRefs = (...names: readonly HeaderName[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Of every request. */
export const parameters = {
  TraceId: {
    name: "X-Trace-ID",
    in: "header",
    description:
      "Your own id for this request: 32 hex digits or a UUID. Without it, or with anything else, the id comes from `traceparent` (W3C Trace Context) or is made.",
    required: false,
    // No example: pages that try an operation out would send it, and all their requests would share one id.
    schema: { type: "string" },
  },
} as const satisfies Record<string, Json>;

export const parameterRefs: readonly Json[] = [{ $ref: "#/components/parameters/TraceId" }];
