// An error of the API, or of the way to it, as views show it.

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** Of the response; 0 without one. */
  readonly status: number;
  /** `error.code` (docs/errors.md); empty without one. */
  readonly code: string;
  readonly traceId: string | undefined;
  /** Seconds to wait before the next attempt. */
  readonly retryAfter: number | undefined;
  /** By field of the request, such as `body.email`. */
  readonly details: readonly { readonly path: string; readonly message: string }[];
  /** Of the response, parsed. */
  readonly body: unknown;

  constructor(message: string, { status = 0, code = "", details = [], ...options }: Partial<ApiError> = {}) {
    super(message, { cause: options.cause });
    this.status = status;
    this.code = code;
    this.traceId = options.traceId;
    this.retryAfter = options.retryAfter;
    this.body = options.body;
    this.details = details;
  }
}

type ErrorBody = {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly trace_id?: string;
    readonly details?: ApiError["details"];
  };
};

/** The platform responds with HTML, or with nothing, while the app does not run. */
export function errorOf(status: number, text: string, retryAfter: string | null): ApiError {
  let body: ErrorBody | undefined;
  try {
    body = JSON.parse(text);
  } catch {
    // Not of the app.
  }
  const {
    code = "",
    details = [],
    message = `The API failed with status ${status}.`,
    trace_id: traceId,
  } = body?.error ?? {};
  const seconds = retryAfter === null || !/^\d+$/.test(retryAfter) ? undefined : Number(retryAfter);
  return new ApiError(message, { status, code, traceId, retryAfter: seconds, details, body });
}
