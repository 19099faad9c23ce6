// The errors of the OpenAPI document: their one schema, and for each code when it comes, with an example.
import { AppError, type ErrorCode, type ErrorDetail, errorCodes, publicMessage } from "../errors.ts";
import { type HeaderName, headerRefs, headers, limitHeaders } from "./openapi-headers.ts";
import type { Json } from "./openapi-schemas.ts";

export const errorSchema: Json = {
  type: "object",
  description: "What every answer from 400 up is, or has beside other members.",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "trace_id"],
      properties: {
        code: { type: "string", enum: errorCodes, description: "Stable: switch on this." },
        message: { type: "string", description: "For people: the rule, the value received, the fix. May be reworded." },
        trace_id: { ...headers["X-Trace-ID"].schema, description: "The same as in the header X-Trace-ID." },
        details: {
          type: "array",
          description: "Everything that is wrong, when it can be told apart.",
          items: {
            type: "object",
            required: ["path", "message"],
            properties: {
              path: { type: "string", description: "Where: path.id, query.limit, body.items.3.name." },
              message: { type: "string" },
            },
          },
        },
      },
    },
  },
};

type Doc = {
  readonly when: string;
  readonly message?: string;
  readonly details?: readonly ErrorDetail[];
  readonly headers?: readonly HeaderName[];
};

const TRACE_ID = headers["X-Trace-ID"].example;
const tooShort = "must be at least 60 (a minute), received 59: send for example 3600.";

const docs: Readonly<Record<ErrorCode, Doc>> = {
  VALIDATION_FAILED: {
    when: "The path, the query or the body breaks a rule, or the body cannot be read.",
    message: `body.expiresIn ${tooShort}`,
    details: [{ path: "body.expiresIn", message: tooShort }],
  },
  UNAUTHENTICATED: {
    when: "There is no token, or it is wrong, or too old.",
    message: "The token has expired: ask for a new one.",
    headers: ["WWW-Authenticate"],
  },
  FORBIDDEN: {
    when: "The token's role lacks the permission.",
    message: "This needs the permission images:write, which the role viewer does not have.",
  },
  NOT_FOUND: {
    when: "There is no such thing, or it is not yours.",
    message: "You have no image 01932b2e-7c1a-7000-8000-5f3a9c1d2e4b: check the id.",
  },
  METHOD_NOT_ALLOWED: {
    when: "The path is right and the method is not: `Allow` lists those that are.",
    message: "/api/v1/images does not take DELETE, only POST.",
  },
  CONFLICT: {
    when: "It is not, or no longer, in the state that this needs.",
    message: "The thumbnail is still being made: try again shortly.",
  },
  PRECONDITION_FAILED: {
    when: "It was changed since it was read.",
    message: "The image was changed since: read it again.",
  },
  PAYLOAD_TOO_LARGE: {
    when: "The body is longer than it may be.",
    message: "A JSON body is at most 65536 bytes; this one is longer.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    when: "The body is of a type that is not taken here.",
    message: "The body must be JSON with Content-Type: application/json, received no Content-Type.",
  },
  UNPROCESSABLE_IMAGE: {
    when: "The picture is broken, has too many pixels, or is something else as well.",
    message: "The picture cannot be read to its end: save it anew.",
  },
  RATE_LIMITED: {
    when: "Too many requests: a limit is used up until `Retry-After`.",
    message: "More than 30 requests in 60 seconds came from your address: try again in 12 s.",
    headers: ["Retry-After"],
  },
  INTERNAL: { when: "A fault of ours; the log has the reason, under the trace id." },
  DEPENDENCY_UNAVAILABLE: { when: "A store or the vault does not answer.", headers: ["Retry-After"] },
};

type Options = {
  /** Whether the operation counts against a limit, or may. */
  readonly limited?: boolean;
  /** What the answer has beside `error`. */
  readonly beside?: { readonly description: string; readonly schema: Json; readonly example?: Json };
};

export function errorResponse(code: ErrorCode, { limited = true, beside }: Options = {}): Json {
  const { when, message = "", details, headers = [] } = docs[code];
  const shown = publicMessage(new AppError(code, message));
  const error = { code, message: shown, trace_id: TRACE_ID, ...(details && { details }) };
  const schema = { $ref: "#/components/schemas/Error" };
  return {
    description: `${code}: ${beside?.description ?? when}`,
    headers: headerRefs("X-Trace-ID", ...headers, ...(limited ? limitHeaders : [])),
    content: {
      "application/json": {
        schema: beside ? { allOf: [schema, beside.schema] } : schema,
        example: { ...beside?.example, error },
      },
    },
  };
}
