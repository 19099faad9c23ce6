// Sends metrics and dependency calls to Application Insights with the app's identity. Loaded after the first response.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
// What `new TelemetryClient(…, { useGlobalProviders: false })` sends with. The package's entry point takes four times as
// long to load: its instrumentations patch `require`, which has no effect in a bundle.
import { TelemetryClientProvider } from "applicationinsights/out/src/shim/telemetryClientProvider.js";
import { createMeasure, type Sink } from "../meter.ts";
import { turnOn } from "../settings.ts";
import type { Call } from "./calls.ts";
import type { TokenCredential } from "./credential.ts";

type Options = {
  readonly connectionString: string;
  /** Name on the application map; the host uses the same, so that both appear as one. */
  readonly role: string;
  readonly credential: TokenCredential;
  /** Called for each batch that was not accepted completely. */
  readonly onError: (error: unknown) => void;
};

/** Successful calls sent per minute, and the same number of failed ones: bounds the cost of a flood. */
const MAX_CALLS_PER_MINUTE = 300;
const MINUTE_MS = 60_000;
const ATTEMPT_TIMEOUT_MS = 10_000;

function createBudget(): (call: Call) => boolean {
  let minute = 0;
  let left = { success: 0, failure: 0 };
  return ({ startedAt, success }) => {
    const now = Math.floor(startedAt / MINUTE_MS);
    if (now !== minute) {
      minute = now;
      left = { success: MAX_CALLS_PER_MINUTE, failure: MAX_CALLS_PER_MINUTE };
    }
    left[success ? "success" : "failure"] -= 1;
    return left[success ? "success" : "failure"] >= 0;
  };
}

/** A pipeline policy around all attempts of one export. */
function reportErrors(onError: Options["onError"]) {
  return {
    name: "report-errors",
    async sendRequest<Request extends { timeout: number }, Response extends { status: number }>(
      request: Request,
      next: (request: Request) => Promise<Response>,
    ) {
      request.timeout = ATTEMPT_TIMEOUT_MS;
      try {
        const response = await next(request);
        // 206: some of the items were rejected.
        if (response.status === 206 || response.status >= 400)
          onError(new Error(`Application Insights returned ${response.status}`));
        return response;
      } catch (error) {
        onError(error);
        throw error;
      }
    },
  };
}

/** The request's span as the host reports it to Application Insights: the parent of the calls sent here. */
function parentContextOf({ context }: Call) {
  if (!context) return ROOT_CONTEXT;
  const { traceId, operationId = traceId, parentId = operationId.slice(16) } = context;
  const span = { traceId: operationId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, span);
}

export function createApplicationInsights({ connectionString, role, credential, onError }: Options): Sink {
  // Statistics about the library itself, and a metric about this machine with every batch.
  turnOn("APPLICATION_INSIGHTS_NO_STATSBEAT");
  turnOn("APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED");
  const client = new TelemetryClientProvider({
    azureMonitorExporterOptions: {
      connectionString,
      credential,
      // An instance loses its disk. Without offline storage the library drops unsent items silently: see reportErrors.
      disableOfflineStorage: true,
      additionalPolicies: [{ position: "perCall", policy: reportErrors(onError) }],
    },
    resource: resourceFromAttributes({ "service.name": role }),
  });
  const tracer = client.getTracer("vitae");
  const isWithinBudget = createBudget();

  return {
    measure: createMeasure(client.getMeter("vitae")),
    call(call) {
      if (!isWithinBudget(call)) return;
      const { store, method, url, startedAt, durationMs, status, error, success, context } = call;
      const attributes = {
        "http.request.method": method,
        "url.full": url,
        "server.address": new URL(url).host,
        store,
        ...(status !== undefined && { "http.response.status_code": status }),
        ...(error !== undefined && { error }),
        // The operation has another id than the trace when the caller chose the trace id.
        ...(context && { "ai.operation.name": context.function, trace_id: context.traceId }),
      };
      const span = tracer.startSpan(
        `${method} ${store}`,
        { kind: SpanKind.CLIENT, startTime: startedAt, attributes },
        parentContextOf(call),
      );
      span.setStatus({ code: success ? SpanStatusCode.OK : SpanStatusCode.ERROR });
      span.end(startedAt + durationMs);
    },
    flush: () => client.flush(),
  };
}
