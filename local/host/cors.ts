// The platform's CORS policy, as the real host applies it to Host.CORS: any method, any header, nothing exposed. Pure.
// azure-functions-host, CorsOptionsSetup.cs, and ASP.NET Core's CorsService.

export type HeaderPair = readonly [name: string, value: string];
type Asked = { readonly method: string; readonly header: (name: string) => string | undefined };

export type CorsPolicy = {
  /** The headers of the 204 that answers a preflight, none for an origin that is not allowed; undefined for any other request. */
  preflight(request: Asked): readonly HeaderPair[] | undefined;
  /** What every other answer to this origin carries besides. */
  headers(origin: string | undefined): readonly HeaderPair[];
};

export function corsPolicy(allowed: readonly string[]): CorsPolicy {
  // A browser's Origin never ends with a slash; people's settings do. Scheme and host have no case.
  const origins = new Set(allowed.map((origin) => origin.trim().toLowerCase().replace(/\/$/, "")));
  const any = origins.has("*");

  function headers(origin: string | undefined): HeaderPair[] {
    if (origin === undefined || origins.size === 0) return [];
    if (any) return [["Access-Control-Allow-Origin", "*"]];
    if (!origins.has(origin.toLowerCase())) return [];
    const granted: HeaderPair[] = [["Access-Control-Allow-Origin", origin]];
    return origins.size > 1 ? [...granted, ["Vary", "Origin"]] : granted;
  }

  return {
    headers,
    preflight({ method, header }) {
      const asked = header("access-control-request-method");
      const origin = header("origin");
      if (method !== "OPTIONS" || asked === undefined || origin === undefined || origins.size === 0) return undefined;
      const granted = headers(origin);
      if (granted.length === 0) return [];
      const names = header("access-control-request-headers");
      return [
        ...granted,
        ["Access-Control-Allow-Methods", asked],
        ...(names ? [["Access-Control-Allow-Headers", names] as const] : []),
      ];
    },
  };
}
