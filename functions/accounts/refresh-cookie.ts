// The cookie that holds the refresh token of a browser, on the API's own origin only.
import type { Cookie } from "@azure/functions";
import { requireOwnOrigin } from "../lib/http/cookies.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import { IDLE_MS } from "./family.ts";

/** Browsers accept the first name over https and with Secure only, so no http page can set it. The second is for the laptop. */
const SECURE_NAME = "__Secure-vitae-refresh";
const LOCAL_NAME = "vitae-refresh";
export const cookieNames = [SECURE_NAME, LOCAL_NAME] as const;

type CookieRequest = { readonly headers: Headers; readonly cookies: Readonly<Record<string, string>> };
export type AppOrigins = { readonly APP_ORIGINS: readonly string[] };

export const hasCookie = ({ cookies }: Pick<CookieRequest, "cookies">): boolean =>
  cookieNames.some((name) => cookies[name] !== undefined);

/**
 * The request's refresh token, and the cookies that store and delete it.
 * @throws {AppError} FORBIDDEN for a request of another origin
 */
export function openCookie(request: CookieRequest, origins: AppOrigins) {
  requireOwnOrigin(request, origins);
  const secure = request.headers.get("origin")?.startsWith("https:") ?? false;
  const name = secure ? SECURE_NAME : LOCAL_NAME;
  const cookie = (value: string, maxAge: number): Cookie => ({
    name,
    value,
    path: `${ROUTE_PREFIX}/v1/auth`,
    httpOnly: true,
    secure,
    sameSite: "Strict",
    maxAge,
  });
  return {
    token: request.cookies[name],
    store: (token: string) => cookie(token, IDLE_MS / 1000),
    remove: () => cookie("", 0),
  };
}
