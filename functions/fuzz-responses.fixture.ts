// The check of a response against the document: its status, headers and body are those of its route.
import { expect } from "vitest";
import { z } from "zod";
import type { Deps } from "./deps.ts";
import { type ErrorCode, oauthErrors, statusOf } from "./lib/errors.ts";
import type { Call, InvokeResponse } from "./lib/http/invoke.fixture.ts";
import type { Route } from "./lib/http/route.ts";
import { describeApi } from "./lib/http/route-table.ts";
import { ROUTE_PREFIX } from "./lib/names.ts";
import { routes } from "./routes.ts";

export const api = describeApi(routes, ROUTE_PREFIX);
const { paths } = api.document() as { paths: Record<string, Record<string, { responses: Record<string, object> }>> };

/** The documented statuses of a route; the fallback is not in the document. */
function documented({ path, operation }: Route<Deps>, method: string): readonly number[] {
  const template = path.replace(/\{(\w+):[^}]+\}/g, "{$1}");
  const found = paths[template]?.[(method === "HEAD" ? "GET" : method).toLowerCase()];
  const codes: readonly ErrorCode[] = ["VALIDATION_FAILED", ...operation.errors];
  return found ? Object.keys(found.responses).map(Number) : codes.map(statusOf);
}

const failure = z.strictObject({
  code: z.string(),
  message: z.string().min(1).max(2_000),
  trace_id: z.stringFormat("trace id", /^(?!0{32})[0-9a-f]{32}$/),
  details: z
    .array(z.strictObject({ path: z.string().min(1), message: z.string().min(1) }))
    .min(1)
    .optional(),
});

const oauthFailure = z.strictObject({
  error: z.enum(oauthErrors),
  error_description: z.string().regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,2000}$/),
  trace_id: failure.shape.trace_id,
});

export function expectDocumented(route: Route<Deps>, { method = "GET" }: Call, response: InvokeResponse): void {
  const { status, text } = response;
  expect(documented(route, method)).toContain(status);
  // The shared test vault may hold no signing keys, and then readiness fails.
  const isReadiness = status === 503 && route.name === "health-ready";
  if (status >= 500 && !isReadiness) expect.fail(`A server error: ${JSON.stringify(response.lines)}`);
  expect(response.lines.filter(({ message }) => message === "request")).toMatchObject([
    { function: route.name, status },
  ]);
  expect(response.headers.get("x-trace-id")).toBe(response.lines.at(-1)?.trace_id);
  if (method === "HEAD" || status === 204 || status === 304) {
    expect(text).toBe("");
    return;
  }
  const {
    also = {},
    schema: usual = z.strictObject({}),
    type: usualType = "application/json",
  } = route.operation.responses[status] ?? {};
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  expect([usualType, ...Object.keys(also)]).toContain(type);
  const schema = type === usualType ? usual : (also[type]?.schema ?? z.never());
  if (type !== "application/json") {
    expect(schema.safeParse(text).error).toBeUndefined();
    return;
  }
  const { error, ...rest } = JSON.parse(text);
  if (status >= 400 && route.operation.errorShape === "oauth") {
    expect(oauthFailure.safeParse({ error, ...rest }).error).toBeUndefined();
    expect(rest.trace_id).toBe(response.headers.get("x-trace-id"));
    return;
  }
  if (status >= 400) {
    expect(failure.safeParse(error).error).toBeUndefined();
    expect(statusOf(error.code)).toBe(status);
    expect(error.trace_id).toBe(response.headers.get("x-trace-id"));
  }
  expect(schema.safeParse(rest).error).toBeUndefined();
}
