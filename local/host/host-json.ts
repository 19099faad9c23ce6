// Reads what this host needs of host.json.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

type HostJson = { version?: unknown; extensions?: { http?: { routePrefix?: unknown } } };

/** @throws {Error} naming the file and the rule it breaks */
export async function readHostJson(root: string): Promise<{ readonly routePrefix: string }> {
  const file = join(root, "host.json");
  const { version, extensions } = JSON.parse(await readFile(file, "utf8")) as HostJson;
  if (version !== "2.0") throw new Error(`${file}: "version" must be "2.0", but is ${JSON.stringify(version)}.`);
  const prefix = extensions?.http?.routePrefix ?? "api";
  if (typeof prefix !== "string") {
    throw new Error(`${file}: extensions.http.routePrefix must be a string, but is ${JSON.stringify(prefix)}.`);
  }
  return { routePrefix: prefix.replace(/^\/+|\/+$/g, "") };
}
