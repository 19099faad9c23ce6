// The trigger metadata of an HTTP invocation, as the real host's HTTP extension fills it. Pure.
import type { TypedData } from "./messages.ts";
import type { RouteValues } from "./route-template.ts";

type Parts = {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
  readonly params: RouteValues;
  /** Of a body that is a JSON object. */
  readonly properties?: Readonly<Record<string, unknown>>;
};

/** As the extension converts a property; lists and null it leaves out. Utility.cs, ApplyBindingData */
function dataOf(value: unknown): TypedData | undefined {
  if (value === null || Array.isArray(value)) return undefined;
  return typeof value === "object" ? { json: JSON.stringify(value) } : { string: String(value) };
}

/**
 * @azure/functions reads the request's headers and parameters from here, not from the request that it is streamed.
 * The extension lays the properties of a JSON body, then query parameters, then route parameters, then `Query` and
 * `Headers`, into one dictionary without case: so a query parameter shows among `request.params`, keeps its spelling over
 * the route's, and one that is called "headers" stands in the place of the headers. Exactly so here, that tests meet it
 * before Azure does.
 * azure-webjobs-sdk-extensions, HttpTriggerAttributeBindingProvider.cs, GetRequestBindingData
 */
export function httpMetadata({ headers, query, params, properties = {} }: Parts): Record<string, TypedData> {
  const metadata: Record<string, TypedData> = {};
  if (query === "" && Object.keys(properties).length === 0) {
    for (const name in params) metadata[name] = { string: params[name] ?? "" };
    metadata.Headers = { json: JSON.stringify(headers) };
    return metadata;
  }
  const names = new Map<string, string>();
  function put(name: string, value: TypedData, replace = true): void {
    const known = names.get(name.toLowerCase());
    if (known !== undefined && !replace) return;
    names.set(name.toLowerCase(), known ?? name);
    metadata[known ?? name] = value;
  }
  for (const [name, value] of Object.entries(properties)) {
    const data = dataOf(value);
    if (data) put(name, data);
  }
  for (const [name, value] of new URLSearchParams(query))
    if (name.toLowerCase() !== "code") put(name, { string: value });
  for (const name in params) put(name, { string: params[name] ?? "" });
  put("Headers", { json: JSON.stringify(headers) }, false);
  return metadata;
}
