// The trigger metadata of an HTTP invocation, as the real host's HTTP extension fills it. Pure.
import type { IncomingMessage } from "node:http";
import type { TypedData } from "./messages.ts";
import type { RouteValues } from "./route-table.ts";

/** Strict, like Kestrel's; Node.js reads Latin-1. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Header names and values as Kestrel decodes them: UTF-8; undefined stands for its 400 for any other bytes.
 * https://github.com/dotnet/aspnetcore/blob/main/src/Servers/Kestrel/Core/test/UTF8Decoding.cs
 */
export function decodeHeaders(rawHeaders: readonly string[]): readonly string[] | undefined {
  try {
    return rawHeaders.map((text) => (/[\u0080-\u00ff]/.test(text) ? UTF8.decode(Buffer.from(text, "latin1")) : text));
  } catch {
    return undefined;
  }
}

type RawRequest = { readonly rawHeaders: readonly string[]; readonly socket: IncomingMessage["socket"] };

/**
 * The headers as the app receives them in Azure: joined by commas without the empty ones, also of Cookie and
 * Authorization, with those of the front end. HttpTriggerAttributeBindingProvider.cs, GetRequestBindingData;
 * https://github.com/dotnet/runtime/blob/main/src/libraries/Microsoft.Extensions.Primitives/src/StringValues.cs
 */
export function platformHeaders({ rawHeaders, socket }: RawRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    const previous = headers[name];
    headers[name] = previous && value ? `${previous},${value}` : previous || value;
  }
  const address = socket.remoteAddress ?? "127.0.0.1";
  const peer = `${address.includes(":") ? `[${address}]` : address}:${socket.remotePort}`;
  const previous = headers["x-forwarded-for"];
  headers["x-forwarded-for"] = previous === undefined ? peer : `${previous}, ${peer}`;
  headers["x-forwarded-proto"] = "http";
  return headers;
}

type MetadataSource = {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
  readonly params: RouteValues;
  /** Of a body that is a JSON object. */
  readonly properties?: Readonly<Record<string, unknown>>;
};

/** The extension leaves out lists and null. Utility.cs, ApplyBindingData */
function typedData(value: unknown): TypedData | undefined {
  if (value === null || Array.isArray(value)) return undefined;
  return typeof value === "object" ? { json: JSON.stringify(value) } : { string: String(value) };
}

/**
 * @azure/functions reads headers and parameters from this metadata, not from the streamed request.
 * The extension writes the properties of a JSON body, then query parameters, then route parameters, then `Query` and
 * `Headers` into one case-insensitive dictionary. So a query parameter appears in `request.params`, its spelling wins
 * over the route's, and a parameter named "headers" replaces the headers. This host does the same, so that tests find
 * such a problem before Azure does.
 * azure-webjobs-sdk-extensions, HttpTriggerAttributeBindingProvider.cs, GetRequestBindingData
 */
export function httpMetadata({ headers, query, params, properties = {} }: MetadataSource): Record<string, TypedData> {
  const metadata: Record<string, TypedData> = {};
  const names = new Map<string, string>();
  function put(name: string, value: TypedData, replace = true): void {
    const known = names.get(name.toLowerCase());
    if (known !== undefined && !replace) return;
    names.set(name.toLowerCase(), known ?? name);
    metadata[known ?? name] = value;
  }
  for (const [name, value] of Object.entries(properties)) {
    const data = typedData(value);
    if (data) put(name, data);
  }
  for (const [name, value] of new URLSearchParams(query))
    if (name.toLowerCase() !== "code") put(name, { string: value });
  for (const name in params) put(name, { string: params[name] ?? "" });
  put("Headers", { json: JSON.stringify(headers) }, false);
  return metadata;
}
