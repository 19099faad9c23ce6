// Application Insights down, slow or refusing: requests do not notice, the app ends in time, and one line says so.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../local/fault-proxy.fixture.ts";
import { startIngestion } from "../local/ingestion.fixture.ts";

let backend: Backend;

beforeAll(async () => {
  backend = await startBackend();
  await backend.host.close();
});
afterAll(() => backend.close());

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A host that sends to an endpoint which does this with whatever comes. */
async function sendTo(
  fault: Fault | undefined,
  use: (api: string, proxy: FaultProxy) => Promise<void>,
  audience = true,
) {
  const { certificate, audienceOf } = backend.services;
  const ingestion = await startIngestion({ certificate, audienceOf: audience ? audienceOf : () => undefined });
  const proxy = await startFaultProxy({ target: ingestion.url, certificate });
  proxy.decide(() => fault);
  backend.lines.length = 0;
  const connectionString = ingestion.connectionString.replace(ingestion.url, `${proxy.url}/`);
  const host = await backend.addHost({
    APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString,
    // Read by OpenTelemetry: milliseconds between two batches of calls, 5000 unless given.
    OTEL_BSP_SCHEDULE_DELAY: "100",
  });
  await use(`${host.url}/api`, proxy);
  await host.close();
  await Promise.all([proxy.close(), ingestion.close()]);
  return { ingestion, lines: backend.lines.filter((line) => line.includes("telemetry-not-sent")) };
}

const visit = async (api: string) => (await fetch(`${api}/v1/visits/resume`, { method: "POST" })).status;

describe("requests are answered, and one line a minute tells, while Application Insights", () => {
  it.each<[string, Fault]>([
    ["refuses connections", { kind: "drop" }],
    ["never answers", { kind: "swallow" }],
    ["answers 503", { kind: "status", status: 503 }],
    ["answers 400", { kind: "status", status: 400 }],
  ])("%s", async (_, fault) => {
    const { lines } = await sendTo(fault, async (api, proxy) => {
      expect(await visit(api)).toBe(200);
      await until(() => proxy.calls() > 0);
      for (let n = 0; n < 20; n++) expect(await visit(api)).toBe(200);
    });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: "warn", message: "telemetry-not-sent" });
    expect(lines[0]).not.toContain("trace_id");
  });

  it("takes no token of this app", async () => {
    const { ingestion, lines } = await sendTo(
      undefined,
      async (api) => {
        expect(await visit(api)).toBe(200);
      },
      false,
    );
    expect(ingestion.rejected()).toBeGreaterThan(0);
    expect(ingestion.items).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("Application Insights returned 401");
  });
});

it("what came before the first answer's second was over is sent when the app ends within it", async () => {
  const { ingestion, lines } = await sendTo(undefined, async (api) => {
    expect(await visit(api)).toBe(200);
  });
  const types = new Set(ingestion.items.map(({ data }) => data.baseType));
  expect(types).toEqual(new Set(["MetricData", "RemoteDependencyData"]));
  expect(lines).toEqual([]);
});
