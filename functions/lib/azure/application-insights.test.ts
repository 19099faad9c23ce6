// What is sent of measurements and calls, to a stand-in for the ingestion endpoint that takes any token.
import { dirname } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { loadCertificate } from "../../../local/certificate.ts";
import { type Ingestion, startIngestion } from "../../../local/ingestion.fixture.ts";
import type { Sink } from "../telemetry.ts";
import { createApplicationInsights } from "./application-insights.ts";
import type { Call } from "./calls.ts";

const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
const credential = { getToken: async () => ({ token: "any", expiresOnTimestamp: Date.now() + 3_600_000 }) };
const request = {
  traceId: "a".repeat(32),
  operationId: "b".repeat(32),
  parentId: "c".repeat(16),
  function: "image-read",
  invocationId: "i",
};
const call: Call = {
  store: "table",
  method: "GET",
  url: "https://vitae.table.cosmos.azure.com/images",
  startedAt: Date.UTC(2026, 10, 21, 9),
  durationMs: 12.5,
  status: 200,
  success: true,
  context: request,
};
let ingestion: Ingestion;
let faults: unknown[];
let sink: Sink;

beforeEach(async () => {
  faults = [];
  ingestion = await startIngestion({ certificate, audienceOf: () => "https://monitor.azure.com" });
  const { connectionString } = ingestion;
  sink = createApplicationInsights({ connectionString, role: "site", credential, onFault: (e) => faults.push(e) });
  return () => ingestion.close();
});

describe("a call", () => {
  it("becomes a dependency of the request that Application Insights has from the host", async () => {
    sink.call(call);
    await sink.flush();
    expect(ingestion.items).toEqual([
      expect.objectContaining({
        time: "2026-11-21T09:00:00.000Z",
        sampleRate: 100,
        tags: {
          "ai.cloud.role": "site",
          "ai.cloud.roleInstance": expect.any(String),
          "ai.internal.sdkVersion": expect.any(String),
          "ai.operation.id": request.operationId,
          "ai.operation.parentId": request.parentId,
          "ai.operation.name": "image-read",
        },
        data: {
          baseType: "RemoteDependencyData",
          baseData: {
            ver: 2,
            id: expect.stringMatching(/^[0-9a-f]{16}$/),
            name: "GET /images",
            data: call.url,
            type: "Http",
            target: "vitae.table.cosmos.azure.com",
            duration: "00:00:00.0125",
            resultCode: "200",
            success: true,
            properties: { store: "table", trace_id: request.traceId },
            measurements: {},
          },
        },
      }),
    ]);
  });

  it("is filed under the trace id where the caller chose none, and under an id of its own outside of requests", async () => {
    const { operationId: _, parentId: __, ...plain } = request;
    const { context: ___, ...free } = call;
    sink.call({ ...call, context: plain });
    sink.call(free);
    await sink.flush();
    const [first, second] = ingestion.items.map(({ tags }) => tags["ai.operation.id"]);
    expect(first).toBe(request.traceId);
    expect(second).toMatch(/^(?!a{32}|0{32})[0-9a-f]{32}$/);
  });

  it("without an answer has failed, and says why", async () => {
    const { status: _, ...lost } = call;
    sink.call({ ...lost, success: false, fault: "ECONNREFUSED" });
    await sink.flush();
    expect(ingestion.items[0]?.data.baseData).toMatchObject({
      success: false,
      resultCode: "0",
      properties: { fault: "ECONNREFUSED" },
    });
  });

  it("is sent up to 300 times a minute, and as often again when it fails", async () => {
    for (let n = 0; n < 400; n++) {
      sink.call(call);
      sink.call({ ...call, status: 503, success: false });
    }
    sink.call({ ...call, startedAt: call.startedAt + 60_000 });
    await sink.flush();
    const codes = ingestion.items.map(({ data }) => data.baseData.resultCode);
    expect(codes.filter((code) => code === "200")).toHaveLength(301);
    expect(codes.filter((code) => code === "503")).toHaveLength(300);
  });
});

describe("measurements", () => {
  it("are sent as sums and distributions, by their attributes", async () => {
    for (const value of [1, 2, 6]) sink.measure("request_duration", value, { function: "a", status: 200 });
    sink.measure("requests", 1, { function: "a", status: 200 });
    sink.measure("requests", 1, { function: "a", status: 200 });
    sink.measure("requests_in_flight", 1);
    sink.measure("requests_in_flight", -1);
    await sink.flush();
    const sent = ingestion.items.map(({ data: { baseType, baseData } }) => [baseType, baseData]);
    expect(sent).toHaveLength(3);
    const properties = { function: "a", status: "200" };
    const kind = "Aggregation";
    expect(sent).toContainEqual([
      "MetricData",
      { ver: 2, metrics: [{ name: "request_duration", kind, value: 9, count: 3, min: 1, max: 6 }], properties },
    ]);
    const sum = { name: "requests", kind, value: 2, count: 1 };
    expect(sent).toContainEqual(["MetricData", { ver: 2, metrics: [sum], properties }]);
    const level = { name: "requests_in_flight", kind, value: 0, count: 1 };
    expect(sent).toContainEqual(["MetricData", { ver: 2, metrics: [level], properties: {} }]);
    expect(faults).toEqual([]);
  });
});
