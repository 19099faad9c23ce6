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

/** The one error shape (docs/errors.md). */
export function errorResponse(error: AppError, traceId: string): TextResponse {
  const { code, details, extraFields, headers, status } = error;
  const body = { code, message: publicMessage(error), trace_id: traceId, ...(details && status < 500 && { details }) };
  return toTextResponse({ status, headers, json: { ...extraFields, error: body } });
}

type Responding = Pick<HttpContext, "limitHeaders" | "trace"> & {
  readonly request: { readonly method: string; readonly url: string };
};

/** Adds the headers of every response; those of the operation take precedence. */
export function toHttpResponse(
  { limitHeaders, request, trace }: Responding,
  { status = 200, cookies, headers, text }: TextResponse,
): HttpResponseInit & { readonly status: number } {
  return {
    status,
    headers: {
      ...(request.url.startsWith("https:") ? commonOverHttps : common),
      "X-Trace-ID": trace.traceId,
      ...limitHeaders,
      ...headers,
    },
    ...(cookies && { cookies: [...cookies] }),
    ...(text && request.method !== "HEAD" && { body: text }),
  };
}
