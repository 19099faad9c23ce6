// Our instruments as those of OpenTelemetry, which every reader of the numbers understands.
import type { Meter as OpenTelemetryMeter } from "@opentelemetry/api";
import { type InstrumentName, instruments, type Meter } from "./meter.ts";

/** Bounds of a histogram's buckets, by what it counts; milliseconds have OpenTelemetry's own. */
const bounds: Record<string, number[]> = {
  By: [0, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000],
  "{visit}": [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
};

export function measureOn(meter: OpenTelemetryMeter): Meter["measure"] {
  const made = Object.entries(instruments).map(([name, { kind, unit, description }]): [string, Meter["measure"]] => {
    if (kind === "histogram") {
      const explicitBucketBoundaries = bounds[unit];
      const options = { unit, description, ...(explicitBucketBoundaries && { advice: { explicitBucketBoundaries } }) };
      const histogram = meter.createHistogram(name, options);
      return [name, (_, value, attributes) => histogram.record(value, attributes)];
    }
    const create = kind === "counter" ? meter.createCounter : meter.createUpDownCounter;
    const sum = create.call(meter, name, { unit, description });
    return [name, (_, value, attributes) => sum.add(value, attributes)];
  });
  const byName = Object.fromEntries(made) as Record<InstrumentName, Meter["measure"]>;
  return (name, value, attributes) => byName[name](name, value, attributes);
}
