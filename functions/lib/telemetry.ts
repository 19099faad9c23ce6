// Metrics and dependency calls: buffered until the first response has left, then sent. Never delays or fails a request.
import { setTimeout as delay } from "node:timers/promises";
import type { Call } from "./azure/calls.ts";
import type { TokenCredential } from "./azure/credential.ts";
import type { Log } from "./log.ts";
import { type Meter, type Sink, silentMeter } from "./meter.ts";
import { runOutsideContext } from "./request-context.ts";

export type Telemetry = {
  readonly meter: Meter;
  readonly recordCall: (call: Call) => void;
  /** Schedules the loading of the exporters. Call it after each invocation: only the first call has an effect. */
  start(): void;
  /** Metrics as Prometheus text; empty when `metrics` is off. */
  prometheus(): Promise<string>;
  /** Sends what is buffered. Resolves after 1.5 s at the latest. */
  flush(): Promise<void>;
};

type Options = {
  /** Application Insights; without it nothing is sent. */
  readonly insights?: { readonly connectionString: string; readonly role: string; credential(): TokenCredential };
  /** Whether to keep metrics for Prometheus. */
  readonly metrics: boolean;
  readonly log: Pick<Log, "debug" | "warn">;
};

/** From the end of the first invocation, so that its response has left: loading blocks the thread for a moment. */
const LOAD_DELAY_MS = 1_000;
/** Maximum events buffered before the exporters load; further events are dropped. */
const MAX_BUFFERED_EVENTS = 20_000;
const FLUSH_TIMEOUT_MS = 1_500;
const ERROR_LOG_INTERVAL_MS = 60_000;

/** Logs at most one line per minute, with the number of errors since the last line. */
function createErrorLog(log: Pick<Log, "warn">): (error: unknown) => void {
  let times = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    times += 1;
    if (performance.now() - loggedAt < ERROR_LOG_INTERVAL_MS) return;
    // The request that happened to start the export has nothing to do with its failure.
    runOutsideContext(() => log.warn("telemetry-not-sent", { times, error }));
    loggedAt = performance.now();
    times = 0;
  };
}

export function createTelemetry({ insights, metrics, log }: Options): Telemetry {
  if (!insights && !metrics)
    return { meter: silentMeter, recordCall() {}, start() {}, prometheus: async () => "", flush: async () => {} };

  type SinkCall = (sink: Sink) => void;
  const onError = createErrorLog(log);
  /** Undefined once the sinks are open. */
  let buffer: SinkCall[] | undefined = [];
  let sinks: readonly Sink[] = [];
  let text = async () => "";
  let loading: Promise<void> | undefined;
  let isScheduled = false;

  function dispatch(sinkCall: SinkCall): void {
    if (buffer) {
      if (buffer.length < MAX_BUFFERED_EVENTS) buffer.push(sinkCall);
      return;
    }
    for (const sink of sinks)
      try {
        sinkCall(sink);
      } catch (error) {
        onError(error);
      }
  }

  async function openInsights(): Promise<Sink[]> {
    if (!insights) return [];
    const { createApplicationInsights } = await import("./azure/application-insights.ts");
    return [createApplicationInsights({ ...insights, credential: insights.credential(), onError })];
  }
  async function openPrometheus(): Promise<Sink[]> {
    if (!metrics) return [];
    const { createPrometheus } = await import("./prometheus.ts");
    const prometheus = createPrometheus();
    text = prometheus.text;
    return [prometheus];
  }
  async function openSinks(): Promise<void> {
    log.debug("telemetry-loading");
    const results = await Promise.allSettled([openInsights(), openPrometheus()]);
    for (const result of results) if (result.status === "rejected") onError(result.reason);
    sinks = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    const buffered = buffer ?? [];
    buffer = undefined;
    for (const sinkCall of buffered) dispatch(sinkCall);
  }
  function load(): Promise<void> {
    loading ??= runOutsideContext(openSinks);
    return loading;
  }

  return {
    meter: { measure: (...measurement) => dispatch((sink) => sink.measure(...measurement)) },
    recordCall: (call) => dispatch((sink) => sink.call(call)),
    start() {
      if (isScheduled) return;
      isScheduled = true;
      setTimeout(load, LOAD_DELAY_MS).unref();
    },
    async prometheus() {
      await load();
      return text();
    },
    async flush() {
      if (buffer?.length === 0) return;
      const flushed = load().then(() => Promise.all(sinks.map((sink) => sink.flush())));
      const timeout = delay(FLUSH_TIMEOUT_MS, "timeout", { ref: false });
      if ((await Promise.race([flushed, timeout])) === "timeout")
        onError(new Error(`The flush at shutdown did not finish in ${FLUSH_TIMEOUT_MS} ms`));
    },
  };
}
