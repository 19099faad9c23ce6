// This instance's metrics in Prometheus' text format. Loaded after the first response, to keep it out of the cold start.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { createMeasure, type Sink } from "./meter.ts";

export function createPrometheus(): Sink & { readonly text: () => Promise<string> } {
  // GET /metrics serves the text, not the exporter's own server.
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  const serializer = new PrometheusSerializer("vitae", false, undefined, true, true);
  return {
    measure: createMeasure(provider.getMeter("vitae")),
    call() {},
    flush: async () => {},
    text: async () => serializer.serialize((await reader.collect()).resourceMetrics),
  };
}
