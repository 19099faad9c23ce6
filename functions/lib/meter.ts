// What is measured, and how: the one list of instruments. Constants and types only.

/** Counters add up, histograms keep a distribution, gauges go up and down. */
export const instruments = {
  requests: { kind: "counter", unit: "{request}", description: "Requests answered" },
  request_duration: { kind: "histogram", unit: "ms", description: "Time from the call of the function to its answer" },
  request_size: { kind: "histogram", unit: "By", description: "Bytes read of a request's body" },
  response_size: { kind: "histogram", unit: "By", description: "Bytes of an answer's body" },
  requests_in_flight: { kind: "gauge", unit: "{request}", description: "Requests being answered" },
  limit_rejections: { kind: "counter", unit: "{request}", description: "Requests refused by a rate limit" },
  visits: { kind: "counter", unit: "{visit}", description: "Visits accepted" },
  counter_batch_size: { kind: "histogram", unit: "{visit}", description: "Visits that shared one commit" },
  cost_brake_trips: { kind: "counter", unit: "{trip}", description: "Days on which the write budget was used up" },
  uploads: { kind: "counter", unit: "{image}", description: "Pictures stored" },
  thumbnail_duration: { kind: "histogram", unit: "ms", description: "Time to make a thumbnail, by outcome" },
} as const satisfies Record<string, { kind: "counter" | "histogram" | "gauge"; unit: string; description: string }>;

export type InstrumentName = keyof typeof instruments;
/** Few distinct values each: every combination is a time series of its own. Never anything a caller made up. */
export type Attributes = Readonly<Record<string, string | number>>;

export type Meter = {
  /** Adds to a counter or gauge, records in a histogram. Never throws, never waits. */
  measure(name: InstrumentName, value: number, attributes?: Attributes): void;
};

/** Measures nothing. */
export const silentMeter: Meter = { measure() {} };
