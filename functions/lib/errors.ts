// Every way a request can fail: a stable code, its HTTP status, and whether the caller may read the message.

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
  RATE_LIMITED: 429,
  INTERNAL: 500,
  DEPENDENCY_UNAVAILABLE: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof statuses;
export const errorCodes = Object.keys(statuses) as readonly ErrorCode[];

/** One broken rule of one field: where it is and what it asks. */
export type ErrorDetail = { readonly path: string; readonly message: string };

type Options = {
  cause?: unknown;
  details?: readonly ErrorDetail[];
  /** Extra response headers, such as Allow or WWW-Authenticate. */
  headers?: Readonly<Record<string, string>>;
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
  /** Members of the answer beside `error`. The caller reads them whatever the status is. */
  beside?: Readonly<Record<string, unknown>>;
};

/**
 * A failure with a code. Below 500 the message is for the caller: the rule, the value received, the fix.
 * From 500 up only the log sees it.
 */
export class AppError extends Error {
  override name = "AppError";
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly beside: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, { beside, cause, details, headers, retryAfter }: Options = {}) {
    super(message, { cause });
    this.code = code;
    this.beside = beside;
    this.details = details;
    this.headers = retryAfter === undefined ? { ...headers } : { ...headers, "Retry-After": String(retryAfter) };
  }

  get status(): number {
    return statuses[this.code];
  }
}

export function statusOf(code: ErrorCode): number {
  return statuses[code];
}

const hidden: Partial<Record<ErrorCode, string>> = {
  INTERNAL: "Something went wrong on our side. Quote the trace id when you report it.",
  DEPENDENCY_UNAVAILABLE:
    "A service this one depends on does not answer. Nothing is wrong with the request; try again.",
};

/** What the caller may read of an error. */
export function publicMessage(error: AppError): string {
  return hidden[error.code] ?? error.message;
}

/** Any thrown value as an AppError; what was not thrown on purpose is INTERNAL, with its cause kept for the log. */
export function asAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError("INTERNAL", "Unexpected failure", { cause: thrown });
}
