// The two CORS policies of a deployment, both with the origins of Host.CORS. Pure.
import type { HeaderPair } from "../exchange.ts";

/** A browser's Origin never ends with a slash, but settings do. Scheme and host are case-insensitive. */
function originMatcher(allowed: readonly string[]) {
  const origins = new Set(allowed.map((origin) => origin.trim().toLowerCase().replace(/\/$/, "")));
  const any = origins.has("*");
  return { any, count: origins.size, matches: (origin: string) => any || origins.has(origin.toLowerCase()) };
}

type PreflightRequest = { readonly method: string; readonly header: (name: string) => string | undefined };

export type CorsPolicy = {
  /** The headers of the 204 for a preflight, empty for an origin that is not allowed; undefined for any other request. */
  preflight(request: PreflightRequest): readonly HeaderPair[] | undefined;
  /** The headers added to every other response. */
  headers(origin: string | undefined): readonly HeaderPair[];
};

/**
 * The platform's policy: allows any method and header, exposes none.
 * azure-functions-host, CorsOptionsSetup.cs, and ASP.NET Core's CorsService
 */
export function corsPolicy(allowed: readonly string[]): CorsPolicy {
  const { any, count, matches } = originMatcher(allowed);

  function headers(origin: string | undefined): HeaderPair[] {
    if (origin === undefined || !matches(origin)) return [];
    if (any) return [["Access-Control-Allow-Origin", "*"]];
    return [["Access-Control-Allow-Origin", origin], ...(count > 1 ? [["Vary", "Origin"] as const] : [])];
  }

  return {
    headers,
    preflight({ method, header }) {
      const requested = header("access-control-request-method");
      const origin = header("origin");
      if (method !== "OPTIONS" || requested === undefined || origin === undefined || count === 0) return undefined;
      const granted = headers(origin);
      if (granted.length === 0) return [];
      const names = header("access-control-request-headers");
      return [
        ...granted,
        ["Access-Control-Allow-Methods", requested],
        ...(names ? [["Access-Control-Allow-Headers", names] as const] : []),
      ];
    },
  };
}

const MEDIA_METHODS = ["GET", "HEAD", "PUT"];
const MEDIA_ALLOWED_HEADER = /^(?:x-ms-.*|content-type)$/;
const MEDIA_MAX_AGE_SECONDS = 3600;

type MediaRequest = {
  readonly origin: string | undefined;
  readonly method: string | undefined;
  /** Access-Control-Request-Headers. */
  readonly headers?: string | undefined;
};

export type MediaCors = {
  /** The response to OPTIONS: 200 with headers, 400 if it is no preflight, 403 if the rule does not match. */
  preflight(request: MediaRequest): { readonly status: 200 | 400 | 403; readonly headers: readonly HeaderPair[] };
  /** The headers added to every other response. */
  headers(request: MediaRequest): readonly HeaderPair[];
};

/**
 * The rule of the media account, as a storage account applies it: what a browser may do with a signed link.
 * https://learn.microsoft.com/rest/api/storageservices/cross-origin-resource-sharing--cors--support-for-the-azure-storage-services
 */
export function mediaCors(allowed: readonly string[]): MediaCors {
  const { any, count, matches } = originMatcher(allowed);
  const isAllowed = (origin: string, method: string) => matches(origin) && MEDIA_METHODS.includes(method.toUpperCase());
  const allowOrigin = (origin: string): HeaderPair => ["Access-Control-Allow-Origin", any ? "*" : origin];
  const credentials: readonly HeaderPair[] = any ? [] : [["Access-Control-Allow-Credentials", "true"]];

  return {
    preflight({ origin, method, headers }) {
      if (!origin || !method) return { status: 400, headers: [] };
      const names = (headers ?? "").split(",").map((name) => name.trim().toLowerCase());
      if (!isAllowed(origin, method) || !names.filter(Boolean).every((name) => MEDIA_ALLOWED_HEADER.test(name)))
        return { status: 403, headers: [] };
      return {
        status: 200,
        headers: [
          allowOrigin(origin),
          ["Access-Control-Allow-Methods", method],
          ...(headers ? [["Access-Control-Allow-Headers", headers] as const] : []),
          ["Access-Control-Max-Age", String(MEDIA_MAX_AGE_SECONDS)],
          ...credentials,
        ],
      };
    },
    headers({ origin, method }) {
      if (count === 0 || !origin || !method) return [];
      const vary: readonly HeaderPair[] = any ? [] : [["Vary", "Origin"]];
      if (!isAllowed(origin, method)) return vary;
      return [allowOrigin(origin), ["Access-Control-Expose-Headers", "ETag,x-ms-request-id"], ...credentials, ...vary];
    },
  };
}
