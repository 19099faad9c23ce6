// The path and query of a request as the web server in front of the functions parses them. Pure.

export type RequestPath = {
  /** Decoded, without dot segments; an encoded slash stays encoded. Routes are matched with it. */
  readonly path: string;
  /** Path and query as the app receives them: the decoded path encoded again, and `#` of the query as %23. */
  readonly target: string;
  /** The query as received, without its question mark. */
  readonly query: string;
};

function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run.replace(/%2f/gi, "%252F"));
    } catch {
      return run;
    }
  });
}

function withoutDotSegments(path: string): string {
  const kept: string[] = [];
  for (const piece of path.split("/").slice(1)) {
    if (piece === "..") kept.pop();
    else if (piece !== ".") kept.push(piece);
  }
  return `/${kept.join("/")}`;
}

/**
 * YARP keeps only these characters of the decoded path, so %2F arrives as %252F. RequestUtilities.cs, EncodePath
 */
const ENCODED = /[^!$&'()*+,\-./0-9:;=@A-Z_a-z~]+/g;

/**
 * Kestrel decodes the path once, except %2F, removes dot segments, and rejects NUL and bytes above 0x7F. Undefined stands
 * for its 400.
 * https://github.com/dotnet/aspnetcore/blob/main/src/Servers/Kestrel/Core/src/Internal/Http/Http1Connection.cs
 */
export function requestPath(url: string): RequestPath | undefined {
  if (/[\u0080-\uffff]/.test(url)) return undefined;
  const absolute = /^https?:\/\/[^/?#]*/i.exec(url)?.[0] ?? "";
  const rest = url.slice(absolute.length);
  const target = rest.startsWith("/") ? rest : absolute === "" ? undefined : `/${rest}`;
  if (target === undefined) return undefined;
  const mark = target.indexOf("?");
  const raw = mark < 0 ? target : target.slice(0, mark);
  const path = raw.includes("%") || raw.includes("/.") ? withoutDotSegments(decode(raw)) : raw;
  if (path.includes("\0")) return undefined;
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const forwarded = path.replace(ENCODED, encodeURIComponent) + (mark < 0 ? "" : `?${query.replaceAll("#", "%23")}`);
  return { path, target: forwarded, query };
}
