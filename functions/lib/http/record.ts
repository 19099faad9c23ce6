// Records a request: one log line, and the metrics of its duration and sizes.
import { createLog } from "../log.ts";
import type { EndpointDeps, HttpContext } from "./context.ts";

/** A request as it is recorded. */
export type Recorded = Pick<HttpContext, "bytesRead" | "callerId" | "error" | "startedAt"> & {
  readonly deps: Pick<EndpointDeps, "meter">;
  readonly invocation: Parameters<typeof createLog>[0];
  readonly request: { readonly method: string };
  readonly route: { readonly name: string; readonly path: string };
};

export function recordStart({ deps }: Pick<Recorded, "deps">): void {
  deps.meter.measure("requests_in_flight", 1);
}

export function recordEnd(
  context: Recorded,
  { status, body }: { readonly status: number; readonly body?: unknown },
): void {
  const { bytesRead, callerId, deps, error, invocation, request, route, startedAt } = context;
  const bytesOut = typeof body === "string" || body instanceof Uint8Array ? Buffer.byteLength(body) : 0;
  const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
  createLog(invocation)[status >= 500 ? "error" : "info"]("request", {
    method: request.method,
    route: route.path,
    status,
    duration_ms: durationMs,
    bytes_in: bytesRead,
    bytes_out: bytesOut,
    ...(callerId !== undefined && { caller_id: callerId }),
    ...(error && { code: error.code }),
    ...(error?.isBusy && { busy: true }),
    ...(error && status >= 500 && { error }),
  });
  const attributes = { function: route.name, status };
  deps.meter.measure("requests_in_flight", -1);
  deps.meter.measure("requests", 1, attributes);
  deps.meter.measure("request_duration", durationMs, attributes);
  deps.meter.measure("request_size", bytesRead, attributes);
  deps.meter.measure("response_size", bytesOut, attributes);
}
