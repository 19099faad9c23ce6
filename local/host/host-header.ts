// What the real host accepts as a Host header. Pure.
import { isIPv6 } from "node:net";

// https://github.com/dotnet/aspnetcore/blob/main/src/Shared/ServerInfrastructure/HttpUtilities.cs, IsHostHeaderValid
const KESTREL = /^(?:|(?:[!$&'()\-._~a-z0-9]+|\[[0-9a-f:.]{2,}\])(?::\d+)?)$/i;
const LABELS = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?$/i;

/**
 * "invalid" is Kestrel's 400. "unusable" passes Kestrel, but the host cannot make a Uri of it and responds with 500
 * (HttpTriggerAttributeBindingProvider.cs, ToInvokeString). Some usable ones, such as `a.1`, are no URL for Node.js.
 * @param values each Host header of the request
 */
export function checkHost(values: readonly string[], httpVersion: string): "usable" | "unusable" | "invalid" {
  const [host] = values;
  if (host === undefined) return httpVersion === "1.0" ? "unusable" : "invalid";
  if (values.length > 1 || !KESTREL.test(host)) return "invalid";
  const [, name = "", port = "0"] =
    /^(.*?)(?::(\d+))?$/.exec(host.startsWith("[") ? `x${host.split("]")[1]}` : host) ?? [];
  const isName = host.startsWith("[") ? isIPv6(host.slice(1, host.indexOf("]"))) : LABELS.test(name);
  return isName && Number(port) <= 65_535 ? "usable" : "unusable";
}
