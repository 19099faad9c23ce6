// The numbers of this instance since it started, in Prometheus' text format. Loaded when the first answer has left.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { measureOn } from "./open-telemetry.ts";
import type { Sink } from "./telemetry.ts";

export function createPrometheus(): Sink & { readonly text: () => Promise<string> } {
  // The library's own server stays shut: the host serves.
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  const serializer = new PrometheusSerializer("vitae", false, undefined, true, true);
  return {
    measure: measureOn(provider.getMeter("vitae")),
    call() {},
    flush: async () => {},
    text: async () => serializer.serialize((await reader.collect()).resourceMetrics),
  };
}
