// host.json: the settings that this host reads, with the defaults of the real one on Flex Consumption.
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";

export type HostJson = {
  /** Without slashes at its ends. */
  readonly routePrefix: string;
  /** Milliseconds; undefined for none. */
  readonly functionTimeout: number | undefined;
  /** Invocations of one blob trigger at once. */
  readonly blobParallelism: number;
};

// azure-functions-host, ScriptJobHostOptionsSetup.cs: thirty minutes, and "-1" for none.
const DEFAULT_TIMEOUT = "00:30:00";
const TIMEOUT = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})$/;

function milliseconds(timeout: string): number | undefined {
  const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = TIMEOUT.exec(timeout) ?? [];
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

/** @throws {Error} with the file and the rule that it breaks */
export async function readHostJson(root: string): Promise<HostJson> {
  type Content = {
    version?: unknown;
    functionTimeout?: unknown;
    extensions?: { http?: { routePrefix?: unknown }; blobs?: { maxDegreeOfParallelism?: unknown } };
  };
  const file = join(root, "host.json");
  const content: Content = JSON.parse(await readFile(file, "utf8"));
  const { version, functionTimeout = DEFAULT_TIMEOUT, extensions: { http = {}, blobs = {} } = {} } = content;
  const invalid = (rule: string, received: unknown) =>
    new Error(`${file}: ${rule}, received ${JSON.stringify(received)}.`);

  if (version !== "2.0") throw invalid('"version" must be "2.0"', version);
  const { routePrefix = "api" } = http;
  if (typeof routePrefix !== "string") throw invalid("extensions.http.routePrefix must be a string", routePrefix);
  const isUnlimited = functionTimeout === "-1";
  if (!isUnlimited && !TIMEOUT.test(String(functionTimeout)))
    throw invalid('functionTimeout must be hh:mm:ss or "-1"', functionTimeout);
  // azure-sdk-for-net, BlobsOptions.cs
  const { maxDegreeOfParallelism: blobParallelism = 8 * availableParallelism() } = blobs;
  if (!Number.isInteger(blobParallelism) || Number(blobParallelism) < 1)
    throw invalid("extensions.blobs.maxDegreeOfParallelism must be a positive integer", blobParallelism);
  return {
    routePrefix: routePrefix.replace(/^\/+|\/+$/g, ""),
    functionTimeout: isUnlimited ? undefined : milliseconds(String(functionTimeout)),
    blobParallelism: Number(blobParallelism),
  };
}
