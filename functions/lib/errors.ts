// Error codes with their HTTP status, and which messages the client may read.
import type { Cookie } from "@azure/functions";

const statuses = {
  VALIDATION_FAILED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE_IMAGE: 422,
  PRECONDITION_REQUIRED: 428,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  DEPENDENCY_UNAVAILABLE: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof statuses;
export const errorCodes = Object.keys(statuses) as readonly ErrorCode[];

/** RFC 6749 sections 5.2 and 4.1.2.1: errors of operations with the shape of OAuth. */
export const oauthErrors = [
  "invalid_request",
  "invalid_grant",
  "unsupported_grant_type",
  "temporarily_unavailable",
  "server_error",
] as const;
export type OAuthError = (typeof oauthErrors)[number];

/** One validation issue: the place of the value, and the rule that it breaks. */
export type ErrorDetail = { readonly path: string; readonly message: string };

type Options = {
  cause?: unknown;
  details?: readonly ErrorDetail[];
  /** Extra response headers, such as Allow or WWW-Authenticate. */
  headers?: Readonly<Record<string, string>>;
  /** To set or delete with the response. */
  cookies?: readonly Cookie[];
  /** Seconds to wait before a retry. */
  retryAfter?: number;
  /** Response fields in addition to `error`; the client can read them at any status. */
  extraFields?: Readonly<Record<string, unknown>>;
  /** Whether nothing failed: the app has more to do than it takes at once. Alerts tolerate some. @default false */
  isBusy?: boolean;
  /** For operations with the error shape of OAuth. @default by the code */
  oauthError?: OAuthError;
};

/** Any other code is `invalid_request`. */
const oauthErrorsOf: Partial<Record<ErrorCode, OAuthError>> = {
  RATE_LIMITED: "temporarily_unavailable",
  INTERNAL: "server_error",
  DEPENDENCY_UNAVAILABLE: "temporarily_unavailable",
};

/**
 * An error with a code. Below 500 the message is for the client: the rule, the received value, the fix.
 * From 500 up it appears in the log only.
 */
export class AppError extends Error {
  override name = "AppError";
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly Cookie[] | undefined;
  readonly extraFields: Readonly<Record<string, unknown>> | undefined;
  readonly isBusy: boolean;
  readonly oauthError: OAuthError;

  constructor(code: ErrorCode, message: string, options: Options = {}) {
    const { cause, cookies, details, extraFields, headers, isBusy = false, oauthError, retryAfter } = options;
    super(message, { cause });
    this.code = code;
    this.extraFields = extraFields;
    this.isBusy = isBusy;
    this.oauthError = oauthError ?? oauthErrorsOf[code] ?? "invalid_request";
    this.details = details;
    this.cookies = cookies;
    this.headers = retryAfter === undefined ? { ...headers } : { ...headers, "Retry-After": String(retryAfter) };
  }

  get status(): number {
    return statuses[this.code];
  }
}

export function statusOf(code: ErrorCode): number {
  return statuses[code];
}

const publicMessages: Partial<Record<ErrorCode, string>> = {
  INTERNAL: "An unexpected error occurred. Quote the trace id when you report it.",
  DEPENDENCY_UNAVAILABLE:
    "The service is busy, or one that it depends on is unavailable. Your request is valid; try again later.",
};

/** The message that the client receives. */
export function publicMessage(error: AppError): string {
  return publicMessages[error.code] ?? error.message;
}

/** Any thrown value as an AppError; anything else than an AppError becomes INTERNAL with the value as its cause. */
export function asAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError("INTERNAL", "Unexpected error", { cause: thrown });
}
