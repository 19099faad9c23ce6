// The envelopes of metrics and calls, sent to a stand-in for the ingestion endpoint that accepts any token.
import { beforeEach, describe, expect, it } from "vitest";
import { type Ingestion, startIngestion } from "../../../local/ingestion.fixture.ts";
import type { Sink } from "../meter.ts";
import { loadTestCertificate } from "../test-services.fixture.ts";
import { createApplicationInsights } from "./application-insights.ts";
import type { Call } from "./calls.ts";

const certificate = await loadTestCertificate();
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
let errors: unknown[];
let sink: Sink;

beforeEach(async () => {
  errors = [];
  ingestion = await startIngestion({ certificate, audienceOf: () => "https://monitor.azure.com" });
  const { connectionString } = ingestion;
  sink = createApplicationInsights({
    connectionString,
    role: "site",
    credential,
    onError: (error) => errors.push(error),
  });
  return () => ingestion.close();
});

describe("Application Insights", () => {
  it("receives a call as a dependency below the request that the host reports", async () => {
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

  it("receives a call under the trace id by default, and under a new operation id outside of requests", async () => {
    const { operationId: _, parentId: __, ...ownTrace } = request;
    const { context: ___, ...noRequest } = call;
    sink.call({ ...call, context: ownTrace });
    sink.call(noRequest);
    await sink.flush();
    const [first, second] = ingestion.items.map(({ tags }) => tags["ai.operation.id"]);
    expect(first).toBe(request.traceId);
    expect(second).toMatch(/^(?!a{32}|0{32})[0-9a-f]{32}$/);
  });

  it("receives a call without a response as a failure with the error code", async () => {
    const { status: _, ...noResponse } = call;
    sink.call({ ...noResponse, success: false, error: "ECONNREFUSED" });
    await sink.flush();
    expect(ingestion.items[0]?.data.baseData).toMatchObject({
      success: false,
      resultCode: "0",
      properties: { error: "ECONNREFUSED" },
    });
  });

  it("receives at most 300 successful and 300 failed calls a minute", async () => {
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

  it("receives measurements as one sum or distribution per set of attributes", async () => {
    for (const value of [1, 2, 6]) sink.measure("request_duration", value, { function: "a", status: 200 });
    sink.measure("requests", 1, { function: "a", status: 200 });
    sink.measure("requests", 1, { function: "a", status: 200 });
    sink.measure("requests_in_flight", 1);
    sink.measure("requests_in_flight", -1);
    await sink.flush();
    const items = ingestion.items.map(({ data: { baseType, baseData } }) => [baseType, baseData]);
    expect(items).toHaveLength(3);
    const properties = { function: "a", status: "200" };
    const kind = "Aggregation";
    expect(items).toContainEqual([
      "MetricData",
      { ver: 2, metrics: [{ name: "request_duration", kind, value: 9, count: 3, min: 1, max: 6 }], properties },
    ]);
    const sum = { name: "requests", kind, value: 2, count: 1 };
    expect(items).toContainEqual(["MetricData", { ver: 2, metrics: [sum], properties }]);
    const level = { name: "requests_in_flight", kind, value: 0, count: 1 };
    expect(items).toContainEqual(["MetricData", { ver: 2, metrics: [level], properties: {} }]);
    expect(errors).toEqual([]);
  });
});
