// Sends measurements and calls to Application Insights, with the app's identity. Loaded when the first answer has left.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
// What `new TelemetryClient(…, { useGlobalProviders: false })` sends with. The package's entry would load four times as
// long, for instrumentations that patch `require`, and so do nothing in a bundle.
import { TelemetryClientProvider } from "applicationinsights/out/src/shim/telemetryClientProvider.js";
import { measureOn } from "../open-telemetry.ts";
import { turnOn } from "../settings.ts";
import type { Sink } from "../telemetry.ts";
import type { Call } from "./calls.ts";
import type { TokenCredential } from "./credential.ts";

type Options = {
  readonly connectionString: string;
  /** Name of the app on the application map: the host's own, so that both are one. */
  readonly role: string;
  readonly credential: TokenCredential;
  /** Told when something could not be sent. */
  readonly onFault: (error: unknown) => void;
};

/** Of successful calls, and again of failed ones: what a flood costs has a bound. */
const MOST_CALLS_A_MINUTE = 300;
const MINUTE_MS = 60_000;
const ATTEMPT_MS = 10_000;

function createBudget(): (call: Call) => boolean {
  let minute = 0;
  let left = { success: 0, failure: 0 };
  return ({ startedAt, success }) => {
    const now = Math.floor(startedAt / MINUTE_MS);
    if (now !== minute) {
      minute = now;
      left = { success: MOST_CALLS_A_MINUTE, failure: MOST_CALLS_A_MINUTE };
    }
    left[success ? "success" : "failure"] -= 1;
    return left[success ? "success" : "failure"] >= 0;
  };
}

/** Around all attempts of one call. */
function reportingFaults(onFault: Options["onFault"]) {
  return {
    name: "reporting-faults",
    async sendRequest<R extends { timeout: number }, A extends { status: number }>(
      request: R,
      next: (request: R) => Promise<A>,
    ) {
      request.timeout = ATTEMPT_MS;
      try {
        const answer = await next(request);
        // 206: some of the items were refused.
        if (answer.status === 206 || answer.status >= 400)
          onFault(new Error(`Application Insights answered ${answer.status}`));
        return answer;
      } catch (error) {
        onFault(error);
        throw error;
      }
    },
  };
}

/** The request as Application Insights has it from the host: what we send hangs below it. */
function requestOf({ context }: Call) {
  if (!context) return ROOT_CONTEXT;
  const { traceId, operationId = traceId, parentId = operationId.slice(16) } = context;
  const span = { traceId: operationId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, span);
}

export function createApplicationInsights({ connectionString, role, credential, onFault }: Options): Sink {
  // The library's statistics of itself, which go elsewhere, and a line of it about this machine with every batch.
  turnOn("APPLICATION_INSIGHTS_NO_STATSBEAT");
  turnOn("APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED");
  const client = new TelemetryClientProvider({
    azureMonitorExporterOptions: {
      connectionString,
      credential,
      // An instance's disk is gone with it. Without one the library drops what it could not send, and says nothing.
      disableOfflineStorage: true,
      additionalPolicies: [{ position: "perCall", policy: reportingFaults(onFault) }],
    },
    resource: resourceFromAttributes({ "service.name": role }),
  });
  const tracer = client.getTracer("vitae");
  const isWithinBudget = createBudget();

  return {
    measure: measureOn(client.getMeter("vitae")),
    call(call) {
      if (!isWithinBudget(call)) return;
      const { store, method, url, startedAt, durationMs, status, fault, success, context } = call;
      const attributes = {
        "http.request.method": method,
        "url.full": url,
        "server.address": new URL(url).host,
        store,
        ...(status !== undefined && { "http.response.status_code": status }),
        ...(fault !== undefined && { fault }),
        // Where the caller chose the trace id, the request is filed under another.
        ...(context && { "ai.operation.name": context.function, trace_id: context.traceId }),
      };
      const span = tracer.startSpan(
        `${method} ${store}`,
        { kind: SpanKind.CLIENT, startTime: startedAt, attributes },
        requestOf(call),
      );
      span.setStatus({ code: success ? SpanStatusCode.OK : SpanStatusCode.ERROR });
      span.end(startedAt + durationMs);
    },
    flush: () => client.flush(),
  };
}
