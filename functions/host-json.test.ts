// host.json: the settings of the host on which the app relies.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TIME_LIMIT_MS } from "./lib/decode/decoder.ts";
import { eventPatience } from "./lib/gate.ts";
import { functionNames, triggerNames } from "./lib/names.ts";
import { TIMER_RUN_MS } from "./triggers.ts";

type HostJson = {
  readonly functionTimeout: string;
  readonly logging: { readonly logLevel: Readonly<Record<string, string>> };
  readonly extensions: { readonly blobs: { readonly maxDegreeOfParallelism: number } };
};
const file = join(import.meta.dirname, "../host.json");
const { functionTimeout, logging, extensions }: HostJson = JSON.parse(readFileSync(file, "utf8"));

/** The longest category that the name begins with decides. Microsoft.Extensions.Logging, LoggerRuleSelector.cs */
function levelOf(category: string): string {
  const [, level] = Object.entries(logging.logLevel)
    .filter(([prefix]) => category.toLowerCase().startsWith(prefix.toLowerCase()))
    .sort(([one], [other]) => other.length - one.length)[0] ?? ["", "Information"];
  return level;
}

describe("host.json", () => {
  it("gives a timer the time to finish the image that it started last", () => {
    const [hours = 0, minutes = 0, seconds = 0] = functionTimeout.split(":").map(Number);
    const timeoutMs = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
    // A call that reaches its time limit of at most 30 seconds ends the work on the image. The rest is for the others.
    const callsMs = 80_000;
    expect(TIMER_RUN_MS + eventPatience.maxWaitMs + TIME_LIMIT_MS + callsMs).toBeLessThan(timeoutMs);
  });

  it("starts one thumbnail at a time on each instance", () => {
    expect(extensions.blobs.maxDegreeOfParallelism).toBe(1);
  });

  it("drops the host's own lines about the thumbnail trigger, which contain names of blobs", () => {
    expect(levelOf("Function.thumbnail")).toBe("Warning");
  });

  it("keeps all lines of the app and all request telemetry", () => {
    const own = [...functionNames, ...triggerNames].map((name) => `Function.${name}.User`);
    // Host.Results is request telemetry, Host.Function.Console what the app writes outside an invocation.
    for (const category of [...own, "Host.Results", "Host.Function.Console"])
      expect([category, levelOf(category)]).toEqual([category, "Information"]);
  });
});
