// The reusable parts of the OpenAPI document: schemas, headers, parameters and one response for each error code.
import { z } from "zod";
import { AppError, type ErrorCode, type ErrorDetail, errorCodes, publicMessage } from "../errors.ts";

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

type HeaderName = keyof typeof headers;
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

export const errorSchema: Json = {
  type: "object",
  description: "The body of every response from status 400 up; some have additional fields.",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "trace_id"],
      properties: {
        code: { type: "string", enum: errorCodes, description: "Stable: switch on this." },
        message: { type: "string", description: "For people: the rule, the received value, the fix. May change." },
        trace_id: { ...headers["X-Trace-ID"].schema, description: "The same as in the header X-Trace-ID." },
        details: {
          type: "array",
          description: "One entry for each validation issue.",
          items: {
            type: "object",
            required: ["path", "message"],
            properties: {
              path: { type: "string", description: "The place: path.id, query.limit, body.items.3.name." },
              message: { type: "string" },
            },
          },
        },
      },
    },
  },
};

type ErrorDoc = {
  readonly when: string;
  readonly message?: string;
  readonly details?: readonly ErrorDetail[];
  readonly headers?: readonly HeaderName[];
};

const tooShort = "must be at least 60 (a minute), received 59: send for example 3600.";
const errorDocs: Readonly<Record<ErrorCode, ErrorDoc>> = {
  VALIDATION_FAILED: {
    when: "The path, the query or the body breaks a rule, or the body is unreadable.",
    message: `body.expiresIn ${tooShort}`,
    details: [{ path: "body.expiresIn", message: tooShort }],
  },
  UNAUTHENTICATED: {
    when: "The token is missing, invalid or expired.",
    message: "The token has expired: get a new one.",
    headers: ["WWW-Authenticate"],
  },
  FORBIDDEN: {
    when: "The role of the token lacks the permission.",
    message: "This operation requires the permission images:write, which the role viewer lacks.",
  },
  NOT_FOUND: {
    when: "The resource does not exist, or belongs to another user.",
    message: "You have no image 01932b2e-7c1a-7000-8000-5f3a9c1d2e4b: check the id.",
  },
  METHOD_NOT_ALLOWED: {
    when: "The path exists, but not for this method; `Allow` lists the methods that it takes.",
    message: "/api/v1/images does not take DELETE, only POST.",
  },
  CONFLICT: {
    when: "The resource is not in a state that allows this operation.",
    message: "The thumbnail is not ready yet: try again shortly.",
  },
  PRECONDITION_FAILED: {
    when: "The resource has changed since you read it.",
    message: "The image has changed since you read it: read it again.",
  },
  PAYLOAD_TOO_LARGE: {
    when: "The body is longer than the limit.",
    message: "A JSON body must have at most 65536 bytes, received more: send less.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    when: "The content type or encoding of the body is not supported.",
    message: "The body must be JSON in UTF-8, received no Content-Type: send Content-Type: application/json.",
  },
  UNPROCESSABLE_IMAGE: {
    when: "The image is damaged, has too many pixels, or is also a file of another type.",
    message: "The image is damaged: export it again.",
  },
  RATE_LIMITED: {
    when: "The client sent more requests than a limit allows. Wait for `Retry-After`.",
    message: "More than 30 requests in 60 seconds from your address: try again in 12 s.",
    headers: ["Retry-After"],
  },
  INTERNAL: { when: "An unexpected error; the log has the cause under the trace id." },
  DEPENDENCY_UNAVAILABLE: { when: "A store or the vault is unavailable.", headers: ["Retry-After"] },
};

type ErrorResponseOptions = {
  /** @default true */
  readonly limited?: boolean;
  /** Fields of the body in addition to `error`. */
  readonly extraFields?: { readonly description: string; readonly schema: Json; readonly example?: Json };
};

export function errorResponse(code: ErrorCode, { limited = true, extraFields }: ErrorResponseOptions = {}): Json {
  const { when, message: text = "", details, headers: ownHeaders = [] } = errorDocs[code];
  const message = publicMessage(new AppError(code, text));
  const error = { code, message, trace_id: headers["X-Trace-ID"].example, ...(details && { details }) };
  const schema = { $ref: "#/components/schemas/Error" };
  return {
    description: `${code}: ${extraFields?.description ?? when}`,
    headers: headerRefs("X-Trace-ID", ...ownHeaders, ...(limited ? limitHeaders : [])),
    content: {
      "application/json": {
        schema: extraFields ? { allOf: [schema, extraFields.schema] } : schema,
        example: { ...extraFields?.example, error },
      },
    },
  };
}
