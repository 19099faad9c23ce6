// Application Insights down, slow or rejecting: requests succeed, the app shuts down in time, and one line is logged.
// And an app without telemetry.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Fault, startFaultProxy } from "../local/fault-proxy.fixture.ts";
import { startIngestion } from "../local/ingestion.fixture.ts";

/** A fault of the ingestion endpoint; with "no-token" it rejects the app's token. */
type IngestionFault = Fault | "no-token";

const faults: IngestionFault[] = [
  { kind: "drop" },
  { kind: "swallow" },
  { kind: "status", status: 503 },
  { kind: "status", status: 400 },
  "no-token",
];

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.close());

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Runs a host whose Application Insights has the fault, and resolves when the host has shut down. */
async function run(fault?: IngestionFault) {
  const { certificate, audienceOf } = backend.services;
  const ingestion = await startIngestion({
    certificate,
    audienceOf: fault === "no-token" ? () => undefined : audienceOf,
  });
  const proxy = await startFaultProxy({ target: ingestion.url, certificate });
  proxy.decide(() => (fault === "no-token" ? undefined : fault));
  const host = await backend.addHost({
    APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString.replace(ingestion.url, `${proxy.url}/`),
    // Read by OpenTelemetry: milliseconds between two batches of calls, 5000 by default.
    OTEL_BSP_SCHEDULE_DELAY: "100",
  });
  const visit = async () => (await fetch(`${host.url}/api/v1/visits/resume`, { method: "POST" })).status;
  const statuses = [await visit()];
  if (fault) {
    await until(() => proxy.calls() > 0);
    for (let n = 0; n < 20; n++) statuses.push(await visit());
  }
  await host.close();
  await Promise.all([proxy.close(), ingestion.close()]);
  return { ingestion, statuses };
}

it("requests succeed and each instance logs one line while Application Insights fails", async () => {
  const results = await Promise.all(faults.map(run));
  for (const { statuses } of results) expect(new Set(statuses)).toEqual(new Set([200]));
  const lines = backend.lines.filter((line) => line.includes("telemetry-not-sent"));
  expect(lines).toHaveLength(faults.length);
  for (const status of [400, 401])
    expect(lines.filter((line) => line.includes(`Application Insights returned ${status}`))).toHaveLength(1);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({ level: "warn", message: "telemetry-not-sent" });
    expect(line).not.toContain("trace_id");
  }
  const { ingestion } = results.at(-1) as (typeof results)[number];
  expect(ingestion.rejected()).toBeGreaterThan(0);
  expect(ingestion.items).toEqual([]);
});

it("telemetry from before the exporters load is sent when the app shuts down", async () => {
  backend.lines.length = 0;
  const { ingestion, statuses } = await run();
  expect(statuses).toEqual([200]);
  const types = new Set(ingestion.items.map(({ data }) => data.baseType));
  expect(types).toEqual(new Set(["MetricData", "RemoteDependencyData"]));
  expect(backend.lines.filter((line) => line.includes("telemetry-not-sent"))).toEqual([]);
});

it("no exporter loads and /metrics is 404 without a connection string and with METRICS_ENABLED=false", async () => {
  backend.lines.length = 0;
  const host = await backend.addHost({ METRICS_ENABLED: "false", LOG_LEVEL: "debug" });
  await fetch(`${host.url}/api/v1/visits/resume`, { method: "POST" });
  const response = await fetch(`${host.url}/api/metrics`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: "NOT_FOUND" } });
  const document = (await (await fetch(`${host.url}/api/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(document.paths)).not.toContain("/metrics");
  await host.close();
  expect(backend.lines.filter((line) => line.includes("telemetry"))).toEqual([]);
});
