// What is measured and called, on its way out: held until the first answer has left, then sent. Nobody waits, nothing throws.
import { setTimeout as pause } from "node:timers/promises";
import type { Call } from "./azure/calls.ts";
import type { TokenCredential } from "./azure/credential.ts";
import type { Log } from "./log.ts";
import { type Meter, silentMeter } from "./meter.ts";
import { outOfContext } from "./request-context.ts";

/** Where measurements and calls go. */
export type Sink = {
  readonly measure: Meter["measure"];
  call(call: Call): void;
  /** Sends what it has. Rejects with nothing. */
  flush(): Promise<void>;
};

export type Telemetry = {
  readonly meter: Meter;
  readonly call: (call: Call) => void;
  /** An invocation has ended: soon the libraries may load. Only the first time counts. */
  begin(): void;
  /** The numbers as Prometheus text; empty when they are not kept for that. */
  prometheus(): Promise<string>;
  /** Sends what is there, for a second and a half at most. */
  flush(): Promise<void>;
};

type Options = {
  /** Application Insights; nothing is sent without. */
  readonly insights?: { readonly connectionString: string; readonly role: string; credential(): TokenCredential };
  /** Whether the numbers are kept for Prometheus. */
  readonly metrics: boolean;
  readonly log: Pick<Log, "debug" | "warn">;
};

/** From the end of the first invocation until its answer has surely left: loading takes the thread for a moment. */
const AFTER_FIRST_MS = 1_000;
/** Of that second, and of the loading. What is beyond is lost; an instance does not get as far. */
const MOST_HELD = 20_000;
const FLUSH_MS = 1_500;
const FAULT_EVERY_MS = 60_000;

/** One line a minute at most, which tells how many there were. */
function createFaultLog(log: Pick<Log, "warn">): (error: unknown) => void {
  let times = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    times += 1;
    if (performance.now() - toldAt < FAULT_EVERY_MS) return;
    // Sending was started by some request, and its id has nothing to do with it.
    outOfContext(() => log.warn("telemetry-not-sent", { times, error }));
    toldAt = performance.now();
    times = 0;
  };
}

export function createTelemetry({ insights, metrics, log }: Options): Telemetry {
  if (!insights && !metrics)
    return { meter: silentMeter, call() {}, begin() {}, prometheus: async () => "", flush: async () => {} };

  const onFault = createFaultLog(log);
  type Deed = (sink: Sink) => void;
  let held: Deed[] | undefined = [];
  let sinks: readonly Sink[] = [];
  let text = async () => "";
  let loading: Promise<void> | undefined;
  let begun = false;

  function give(deed: Deed): void {
    if (held) {
      if (held.length < MOST_HELD) held.push(deed);
      return;
    }
    for (const sink of sinks)
      try {
        deed(sink);
      } catch (error) {
        onFault(error);
      }
  }

  async function openInsights(): Promise<Sink[]> {
    if (!insights) return [];
    const { createApplicationInsights } = await import("./azure/application-insights.ts");
    const { credential, ...where } = insights;
    return [createApplicationInsights({ ...where, credential: credential(), onFault })];
  }
  async function openPrometheus(): Promise<Sink[]> {
    if (!metrics) return [];
    const { createPrometheus } = await import("./prometheus.ts");
    const prometheus = createPrometheus();
    text = prometheus.text;
    return [prometheus];
  }
  async function open(): Promise<void> {
    log.debug("telemetry-loading");
    const opened = await Promise.allSettled([openInsights(), openPrometheus()]);
    for (const each of opened) if (each.status === "rejected") onFault(each.reason);
    sinks = opened.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    const waiting = held ?? [];
    held = undefined;
    for (const deed of waiting) give(deed);
  }
  function load(): Promise<void> {
    loading ??= outOfContext(open);
    return loading;
  }

  return {
    meter: { measure: (...measurement) => give((sink) => sink.measure(...measurement)) },
    call: (call) => give((sink) => sink.call(call)),
    begin() {
      if (begun) return;
      begun = true;
      setTimeout(load, AFTER_FIRST_MS).unref();
    },
    async prometheus() {
      await load();
      return text();
    },
    async flush() {
      if (held?.length === 0) return;
      const sent = load().then(() => Promise.all(sinks.map((sink) => sink.flush())));
      const late = pause(FLUSH_MS, "late", { ref: false });
      if ((await Promise.race([sent, late])) === "late") onFault(new Error("The app ended before all of it was sent"));
    },
  };
}
