// Every metric of the app, the interface that records them, and their OpenTelemetry instruments.
import type { Meter as OpenTelemetryMeter } from "@opentelemetry/api";
import type { Call } from "./azure/calls.ts";

export const instruments = {
  requests: { kind: "counter", unit: "{request}", description: "Requests handled" },
  request_duration: { kind: "histogram", unit: "ms", description: "Time from invocation to response" },
  request_size: { kind: "histogram", unit: "By", description: "Bytes read from the request body" },
  response_size: { kind: "histogram", unit: "By", description: "Bytes of the response body" },
  requests_in_flight: { kind: "gauge", unit: "{request}", description: "Requests in progress" },
  limit_rejections: { kind: "counter", unit: "{request}", description: "Requests rejected by a rate limit" },
  visits: { kind: "counter", unit: "{visit}", description: "Visits accepted" },
  counter_batch_size: { kind: "histogram", unit: "{visit}", description: "Visits per commit" },
  cost_brake_trips: { kind: "counter", unit: "{trip}", description: "Days on which the write budget was exhausted" },
  uploads: { kind: "counter", unit: "{image}", description: "Images stored" },
  security_events: { kind: "counter", unit: "{event}", description: "Events that may mean an attack, by event" },
  thumbnail_duration: { kind: "histogram", unit: "ms", description: "Time to create a thumbnail, by outcome" },
} as const satisfies Record<string, { kind: "counter" | "histogram" | "gauge"; unit: string; description: string }>;

type InstrumentName = keyof typeof instruments;
/** Each combination of values is a time series of its own: use few distinct values, and never a caller's input. */
type Attributes = Readonly<Record<string, string | number>>;

export type Meter = {
  /** Adds to a counter or gauge, records in a histogram. Returns at once and never throws. */
  measure(name: InstrumentName, value: number, attributes?: Attributes): void;
};

export const silentMeter: Meter = { measure() {} };

/** A destination of measurements and dependency calls. */
export type Sink = {
  readonly measure: Meter["measure"];
  call(call: Call): void;
  /** Sends what is buffered. Never rejects. */
  flush(): Promise<void>;
};

/** Upper bounds of histogram buckets by unit; OpenTelemetry's defaults suit milliseconds. */
const bucketBounds: Record<string, number[]> = {
  By: [0, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000],
  "{visit}": [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
};

/** Creates every instrument on an OpenTelemetry meter. */
export function createMeasure(meter: OpenTelemetryMeter): Meter["measure"] {
  const recorders = Object.entries(instruments).map(
    ([name, { kind, unit, description }]): [string, Meter["measure"]] => {
      if (kind === "histogram") {
        const explicitBucketBoundaries = bucketBounds[unit];
        const options = {
          unit,
          description,
          ...(explicitBucketBoundaries && { advice: { explicitBucketBoundaries } }),
        };
        const histogram = meter.createHistogram(name, options);
        return [name, (_, value, attributes) => histogram.record(value, attributes)];
      }
      const create = kind === "counter" ? meter.createCounter : meter.createUpDownCounter;
      const sum = create.call(meter, name, { unit, description });
      return [name, (_, value, attributes) => sum.add(value, attributes)];
    },
  );
  const byName = Object.fromEntries(recorders) as Record<InstrumentName, Meter["measure"]>;
  return (name, value, attributes) => byName[name](name, value, attributes);
}
