// The errors of the OpenAPI document: their schema, and a response with an example for each code.
import { AppError, type ErrorCode, type ErrorDetail, errorCodes, oauthErrors, publicMessage } from "../errors.ts";
import { type HeaderName, headerRefs, headers, type Json, limitHeaders } from "./openapi-components.ts";
import type { ErrorShape } from "./operation.ts";
import { toErrorDescription } from "./respond.ts";

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

export const oauthErrorSchema: Json = {
  type: "object",
  description: "RFC 6749 section 5.2: the body of every response from status 400 up of an operation that names it.",
  required: ["error", "error_description", "trace_id"],
  properties: {
    error: { type: "string", enum: oauthErrors, description: "Stable: switch on this." },
    error_description: { type: "string", description: "For people, in ASCII. May change." },
    trace_id: { ...headers["X-Trace-ID"].schema, description: "The same as in the header X-Trace-ID." },
  },
};

type ErrorDoc = {
  readonly when: string;
  readonly message?: string;
  readonly headers?: readonly HeaderName[];
};

const errorDocs: Readonly<Record<ErrorCode, ErrorDoc>> = {
  VALIDATION_FAILED: {
    when: "The path, the query, a cookie or the body breaks a rule, or the body is unreadable.",
    message: "query.headers is a reserved name: leave it out.",
  },
  UNAUTHENTICATED: {
    when: "The token is missing, invalid, expired or revoked, or its user is disabled.",
    message: "The token has expired: request a new one.",
    headers: ["WWW-Authenticate"],
  },
  FORBIDDEN: {
    when: "The role lacks the permission, or a request with a cookie comes from another origin.",
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
    when: "The image is damaged, or exceeds a limit: pixels, scans of a JPEG, compressed text of a PNG.",
    message: "The png is corrupt or truncated: send the complete file.",
  },
  PRECONDITION_REQUIRED: {
    when: "The change must say which state of the resource it changes.",
    message: "A change needs the header If-Match with the ETag that you read, received none: send it.",
  },
  RATE_LIMITED: {
    when: "The client sent more requests than a limit allows. Wait for `Retry-After`.",
    message: "More than 30 requests in 60 seconds from your address: try again in 12 s.",
    headers: ["Retry-After"],
  },
  INTERNAL: { when: "An unexpected error; the log has the cause under the trace id." },
  DEPENDENCY_UNAVAILABLE: {
    when: "A store or the vault is unavailable, or too many uploads or passwords wait.",
    headers: ["Retry-After"],
  },
};

/** The issue of a message that begins with its place, such as `body.expiresIn must be …`. */
function detailsOf(message: string): ErrorDetail[] | undefined {
  const [, path, text] = /^((?:path|query|body)\.\S+) (.*)$/.exec(message) ?? [];
  return path && text ? [{ path, message: text }] : undefined;
}

type ErrorResponseOptions = {
  readonly errorShape?: ErrorShape | undefined;
  /** The message of one operation. @default a general one */
  readonly message?: string | undefined;
  /** @default true */
  readonly limited?: boolean;
  /** Fields of the body in addition to `error`. */
  readonly extraFields?: { readonly description: string; readonly schema: Json; readonly example?: Json };
};

export function errorResponse(code: ErrorCode, options: ErrorResponseOptions = {}): Json {
  const { when, message: general = "", headers: ownHeaders = [] } = errorDocs[code];
  const { errorShape, limited = true, extraFields, message: own = general } = options;
  const error = new AppError(code, own);
  const message = publicMessage(error);
  const details = detailsOf(message);
  const trace_id = headers["X-Trace-ID"].example;
  const example = { code, message, trace_id, ...(details && { details }) };
  const schema = { $ref: `#/components/schemas/${errorShape === "oauth" ? "OAuthError" : "Error"}` };
  return {
    description: `${code}: ${extraFields?.description ?? when}`,
    headers: headerRefs("X-Trace-ID", ...ownHeaders, ...(limited ? limitHeaders : [])),
    content: {
      "application/json": {
        schema: extraFields ? { allOf: [schema, extraFields.schema] } : schema,
        example:
          errorShape === "oauth"
            ? { error: error.oauthError, error_description: toErrorDescription(message), trace_id }
            : { ...extraFields?.example, error: example },
      },
    },
  };
}
