// Turns the result of a handler, or an error, into the HTTP response.
import type { HttpResponseInit } from "@azure/functions";
import { type AppError, publicMessage } from "../errors.ts";
import type { HttpContext } from "./context.ts";
import type { OperationResponse } from "./operation.ts";

const common = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  // The platform's CORS policy decides which origins may read, but it exposes no headers.
  "Access-Control-Expose-Headers": "X-Trace-ID, Retry-After, RateLimit, RateLimit-Policy, Location, ETag",
  Vary: "Origin",
} as const;
const commonOverHttps = { ...common, "Strict-Transport-Security": "max-age=63072000; includeSubDomains" } as const;

type TextResponse = Omit<OperationResponse, "json">;

/** @throws {TypeError} if `json` cannot be serialized, such as a bigint */
export function toTextResponse({ json, ...response }: OperationResponse): TextResponse {
  if (json === undefined) return response;
  return {
    ...response,
    text: JSON.stringify(json),
    headers: { "Content-Type": "application/json", ...response.headers },
  };
}

/** As RFC 6749 section 5.2 limits error_description: printable ASCII without quotes and backslashes. */
export function toErrorDescription(message: string): string {
  return message
    .normalize("NFKD")
    .replace(/["`\u2018-\u201f]/g, "'")
    .replaceAll("\\", "/")
    .replace(/\s/g, " ")
    .replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]/gu, "?");
}

/** The one error shape, or that of OAuth (docs/errors.md). */
export function errorResponse(
  { errorShape, trace: { traceId } }: Pick<HttpContext, "errorShape" | "trace">,
  error: AppError,
): TextResponse {
  const { code, cookies, details, extraFields, headers, oauthError, status } = error;
  const init = { status, headers, ...(cookies && { cookies }) };
  const message = publicMessage(error);
  if (errorShape === "oauth") {
    // This shape has no field for details, so the description lists every issue.
    const issues = status < 500 ? details?.map((each) => `${each.path} ${each.message}`).join(" ") : undefined;
    const description = issues ?? message;
    const json = { error: oauthError, error_description: toErrorDescription(description), trace_id: traceId };
    return toTextResponse({ ...init, json });
  }
  const body = { code, message, trace_id: traceId, ...(details && status < 500 && { details }) };
  return toTextResponse({ ...init, json: { ...extraFields, error: body } });
}

type Responding = Pick<HttpContext, "errorShape" | "limitHeaders" | "trace"> & {
  readonly request: { readonly method: string; readonly url: string };
};

/** Adds the headers of every response; those of the operation take precedence. */
export function toHttpResponse(
  { errorShape, limitHeaders, request, trace }: Responding,
  { status = 200, bytes, cookies, headers, text }: TextResponse,
): HttpResponseInit & { readonly status: number } {
  const body = bytes ?? text;
  return {
    status,
    headers: {
      ...(request.url.startsWith("https:") ? commonOverHttps : common),
      // RFC 6749 section 5.1 requires it, with Cache-Control.
      ...(errorShape === "oauth" && { Pragma: "no-cache" }),
      "X-Trace-ID": trace.traceId,
      ...limitHeaders,
      ...headers,
    },
    ...(cookies && { cookies: [...cookies] }),
    ...(body && request.method !== "HEAD" && { body }),
  };
}
