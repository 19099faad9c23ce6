// The reusable parts of the OpenAPI document: schemas, headers and parameters.
import { z } from "zod";

export type Json = Record<string, unknown>;

/** `input` is what clients send, where defaults are optional; `output` is what they receive. */
export type SchemaOf = (schema: z.ZodType, io?: "input" | "output") => Json;

const toComponentRefs = (json: Json): Json =>
  JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/'));

/** A converter from zod to JSON Schema, and the schemas with an id that it has met. */
export function collectSchemas(): { readonly schemaOf: SchemaOf; readonly named: Readonly<Record<string, Json>> } {
  const named: Record<string, Json> = {};
  return {
    named,
    schemaOf(schema, io = "output") {
      const {
        $schema: _,
        $defs,
        ...json
      } = z.toJSONSchema(schema, {
        io,
        override({ jsonSchema }) {
          // Responses may gain fields, and clients ignore unknown ones. Requests must match exactly.
          if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
          // zod's patterns for these are longer than the rest of the schema, and the format says the same.
          if (jsonSchema.format === "date-time" || jsonSchema.format === "uuid") delete jsonSchema.pattern;
        },
      }) as Json;
      Object.assign(named, toComponentRefs(($defs as Json) ?? {}));
      return toComponentRefs(json);
    },
  };
}

export const headers = {
  "X-Trace-ID": {
    description: "The id of this request, in every log line about it. Quote it when you report a problem.",
    required: true,
    schema: { type: "string", pattern: "^[0-9a-f]{32}$" },
    example: "d58135d2adce495bb12530f46a7a9353",
  },
  RateLimit: {
    description:
      "For each policy that counted the request: `r` requests remain, and the quota resets in `t` seconds (draft-ietf-httpapi-ratelimit-headers). Absent while a deployment has its limits off.",
    schema: { type: "string" },
    example: '"default";r=29;t=60',
  },
  "RateLimit-Policy": {
    description: "For each policy: `q` requests in a window of `w` seconds. Absent while the limits are off.",
    schema: { type: "string" },
    example: '"default";q=30;w=60',
  },
  "Retry-After": {
    description: "Seconds to wait before a retry.",
    required: true,
    schema: { type: "integer", minimum: 0 },
    example: 5,
  },
  "WWW-Authenticate": {
    description: "The required authentication scheme, and why the token was rejected (RFC 6750).",
    required: true,
    schema: { type: "string" },
    example: 'Bearer realm="vitae", error="invalid_token"',
  },
} as const satisfies Record<string, Json>;

export type HeaderName = keyof typeof headers;
export const limitHeaders = ["RateLimit", "RateLimit-Policy"] as const satisfies readonly HeaderName[];

export const headerRefs = (...names: readonly HeaderName[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

export const parameters = {
  TraceId: {
    name: "X-Trace-ID",
    in: "header",
    description:
      "Your own id for this request: 32 hex digits or a UUID. If it is missing or invalid, the id is that of `traceparent` (W3C Trace Context), or a new one.",
    required: false,
    // No example: pages that try an operation would send it, and all their requests would share one id.
    schema: { type: "string" },
  },
};
export const parameterRefs: readonly Json[] = [{ $ref: "#/components/parameters/TraceId" }];
