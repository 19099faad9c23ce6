// GET /metrics: this instance's metrics for Prometheus. Registered only when METRICS_ENABLED allows it.
import { z } from "zod";
import { operation } from "../lib/http/operation.ts";
import type { Telemetry } from "../lib/telemetry.ts";

// https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info
const TYPE = "text/plain";
const PARAMETERS = "; version=0.0.4; charset=utf-8";

export const metrics = operation({
  tag: "Service",
  summary: "Metrics",
  description:
    "Returns the metrics of one instance since its start, in Prometheus' text format. The platform chooses the instance.",
  responses: { 200: { description: "The metrics of one instance.", type: TYPE, schema: z.string() } },
  errors: [],
  example: {
    response:
      '# HELP vitae_requests_total Requests handled\n# UNIT vitae_requests_total {request}\n# TYPE vitae_requests_total counter\nvitae_requests_total{function="visitor-counter",status="200"} 3',
  },
  handler: async (_request, { telemetry }: { telemetry: Pick<Telemetry, "prometheus"> }) => ({
    headers: { "Content-Type": `${TYPE}${PARAMETERS}` },
    text: await telemetry.prometheus(),
  }),
});
