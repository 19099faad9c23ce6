// Telemetry before, during and after the exporters load.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Log } from "./log.ts";
import { parsePrometheus } from "./prometheus-text.fixture.ts";
import { currentContext, runInContext } from "./request-context.ts";
import { createTelemetry } from "./telemetry.ts";

const context = { traceId: "a".repeat(32), function: "f", invocationId: "i" };

function open(options: Partial<Parameters<typeof createTelemetry>[0]> = {}) {
  const lines: [message: string, fields: unknown, trace: string | undefined][] = [];
  const write: Log["warn"] = (message, fields) => void lines.push([message, fields, currentContext()?.traceId]);
  return { lines, telemetry: createTelemetry({ metrics: true, log: { debug: write, warn: write }, ...options }) };
}
const requestsIn = async (text: Promise<string>) => parsePrometheus(await text).get("vitae_requests_total")?.[0]?.value;

const brokenInsights = {
  connectionString: "InstrumentationKey=x",
  role: "vitae",
  credential: () => {
    throw new Error("no identity");
  },
};

afterEach(() => void vi.useRealTimers());

describe("telemetry", () => {
  it("loads the exporters once, a second after the first invocation, outside of any request context", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const { lines, telemetry } = open();
    runInContext(context, () => {
      telemetry.meter.measure("requests", 1);
      telemetry.start();
    });
    vi.advanceTimersByTime(999);
    expect(lines).toEqual([]);
    telemetry.start();
    vi.advanceTimersByTime(1);
    expect(lines).toEqual([["telemetry-loading", undefined, undefined]]);
    vi.advanceTimersByTime(10_000);
    await telemetry.prometheus();
    expect(lines).toHaveLength(1);
  });

  it("loads the exporters at once when the metrics are read", async () => {
    const { lines, telemetry } = open();
    expect(await telemetry.prometheus()).toContain("no registered metrics");
    expect(lines).toHaveLength(1);
  });

  it("never loads the exporters when neither Application Insights nor metrics are configured", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const { lines, telemetry } = open({ metrics: false });
    telemetry.meter.measure("requests", 1);
    telemetry.start();
    vi.advanceTimersByTime(10_000);
    await telemetry.flush();
    expect(await telemetry.prometheus()).toBe("");
    expect(lines).toEqual([]);
  });

  it("keeps measurements from before, during and after the loading of the exporters", async () => {
    const { telemetry } = open();
    for (let n = 0; n < 100; n++) telemetry.meter.measure("requests", 1);
    const loading = telemetry.prometheus();
    for (let n = 0; n < 10; n++) telemetry.meter.measure("requests", 1);
    expect(await requestsIn(loading)).toBe(110);
    telemetry.meter.measure("requests", 1);
    expect(await requestsIn(telemetry.prometheus())).toBe(111);
  });

  it("drops events beyond 20,000 while the exporters load", async () => {
    const { telemetry } = open();
    for (let n = 0; n < 25_000; n++) telemetry.meter.measure("requests", 1);
    expect(await requestsIn(telemetry.prometheus())).toBe(20_000);
  });

  it("logs one line when Application Insights cannot be opened, and still records metrics", async () => {
    const { lines, telemetry } = open({ insights: brokenInsights });
    telemetry.meter.measure("requests", 1);
    telemetry.recordCall({
      store: "table",
      method: "GET",
      url: "https://x/y",
      startedAt: 0,
      durationMs: 1,
      success: true,
    });
    expect(await requestsIn(telemetry.prometheus())).toBe(1);
    await telemetry.flush();
    expect(lines.map(([message]) => message)).toEqual(["telemetry-loading", "telemetry-not-sent"]);
    expect(lines[1]?.[1]).toMatchObject({ times: 1, error: { message: "no identity" } });
  });
});
