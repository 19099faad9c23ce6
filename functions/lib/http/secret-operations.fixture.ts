// Two operations that take secrets, one by a form with the errors of OAuth, one by JSON, and requests to them.
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Call } from "./invoke.fixture.ts";
import { type OperationResponse, operation } from "./operation.ts";
import { routesFor } from "./route.ts";

export const COOKIE = "__Secure-vitae-refresh";
export const FORM = "application/x-www-form-urlencoded";
export const deps = { authenticate: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };
const common = { tag: "Accounts", summary: "x", responses: {}, errors: [], example: {} } as const;

type Handler = (request: { body: unknown; cookies: Readonly<Record<string, string>> }) => OperationResponse;

export const routes = (handler: Handler) => {
  const route = routesFor<typeof deps>();
  const token = operation({
    ...common,
    form: z.strictObject({ username: z.email(), password: z.string().max(20), grant_type: z.literal("password") }),
    errorShape: "oauth",
    cookies: [COOKIE],
    handler: async (request, _deps: object) => handler(request),
  });
  const redeem = operation({
    ...common,
    body: z.strictObject({ token: z.string().max(20), password: z.string().max(20) }),
    handler: async (request, _deps: object) => handler(request),
  });
  return {
    token: route("openapi", "POST", "/v1/auth/token", "public", "default", token),
    redeem: route("health", "POST", "/v1/auth/password", "public", "default", redeem),
  };
};
export const { token, redeem } = routes(({ body, cookies }) => ({ json: { body, cookies } }));
export const url = "http://localhost/api/v1/auth/token";
export const good = "grant_type=password&username=ada%40example.com&password=p%26q";
export const post = (body: string, headers: Record<string, string> = {}, more: Partial<Call> = {}): Call => ({
  method: "POST",
  url,
  headers: { "content-type": FORM, ...headers },
  body,
  ...more,
});
