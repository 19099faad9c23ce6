// The CORS rule of the media account, as a storage account applies it: what a browser may do with a signed link. Pure.
// https://learn.microsoft.com/rest/api/storageservices/cross-origin-resource-sharing--cors--support-for-the-azure-storage-services
import type { HeaderPair } from "./cors.ts";

const METHODS = ["GET", "HEAD", "PUT"];
const ALLOWED_HEADER = /^(?:x-ms-.*|content-type)$/;
const EXPOSED = "ETag,x-ms-request-id";
const MAX_AGE_SECONDS = 3600;

type Asked = {
  readonly origin: string | undefined;
  readonly method: string | undefined;
  /** Access-Control-Request-Headers. */
  readonly headers?: string | undefined;
};

export type MediaCors = {
  /** What an OPTIONS request is answered: 200 with headers, 400 when it is no preflight, 403 when no rule fits. */
  preflight(asked: Asked): { readonly status: 200 | 400 | 403; readonly headers: readonly HeaderPair[] };
  /** What the answer to any other request carries besides. */
  headers(asked: Asked): readonly HeaderPair[];
};

/** @param allowed origins, or `*` */
export function mediaCors(allowed: readonly string[]): MediaCors {
  const origins = new Set(allowed.map((origin) => origin.trim().toLowerCase().replace(/\/$/, "")));
  const any = origins.has("*");
  const fits = (origin: string, method: string) =>
    (any || origins.has(origin.toLowerCase())) && METHODS.includes(method.toUpperCase());

  return {
    preflight({ origin, method, headers }) {
      if (!origin || !method) return { status: 400, headers: [] };
      const names = (headers ?? "").split(",").map((name) => name.trim().toLowerCase());
      const named = names.filter(Boolean);
      if (!fits(origin, method) || !named.every((name) => ALLOWED_HEADER.test(name)))
        return { status: 403, headers: [] };
      return {
        status: 200,
        headers: [
          ["Access-Control-Allow-Origin", any ? "*" : origin],
          ["Access-Control-Allow-Methods", method],
          ...(headers ? [["Access-Control-Allow-Headers", headers] as const] : []),
          ["Access-Control-Max-Age", String(MAX_AGE_SECONDS)],
          ...(any ? [] : [["Access-Control-Allow-Credentials", "true"] as const]),
        ],
      };
    },
    headers({ origin, method }) {
      if (origins.size === 0 || !origin || !method) return [];
      const varies: readonly HeaderPair[] = any ? [] : [["Vary", "Origin"]];
      if (!fits(origin, method)) return varies;
      return [
        ["Access-Control-Allow-Origin", any ? "*" : origin],
        ["Access-Control-Expose-Headers", EXPOSED],
        ...(any ? [] : [["Access-Control-Allow-Credentials", "true"] as const]),
        ...varies,
      ];
    },
  };
}
