// The metrics as a scraper reads them.
import { expect, it } from "vitest";
import { instruments } from "./meter.ts";
import { createPrometheus } from "./prometheus.ts";
import { parsePrometheus } from "./prometheus-text.fixture.ts";

it("Prometheus text has each instrument with its type, labels and values", async () => {
  const { measure, text } = createPrometheus();
  for (const value of [3, 4, 0.5]) measure("request_duration", value, { function: "a", status: 200 });
  measure("request_duration", 70_000, { function: "a", status: 503 });
  for (let n = 0; n < 5; n++) measure("requests", 1, { function: "a", status: 200 });
  for (const step of [1, 1, -1]) measure("requests_in_flight", step);
  for (const size of [1, 3, 3, 400]) measure("counter_batch_size", size);
  const output = await text();
  const read = parsePrometheus(output);
  const valuesOf = (name: string) => read.get(name)?.map(({ labels, value }) => ({ labels, value }));
  const ok = { function: "a", status: "200" };
  const unavailable = { function: "a", status: "503" };

  expect(valuesOf("vitae_requests_total")).toEqual([{ labels: ok, value: 5 }]);
  expect(valuesOf("vitae_requests_in_flight")).toEqual([{ labels: {}, value: 1 }]);
  expect(valuesOf("vitae_request_duration_count")).toEqual([
    { labels: ok, value: 3 },
    { labels: unavailable, value: 1 },
  ]);
  expect(valuesOf("vitae_request_duration_sum")).toEqual([
    { labels: ok, value: 7.5 },
    { labels: unavailable, value: 70_000 },
  ]);
  const below = (name: string, labels: object) =>
    Object.fromEntries(
      (read.get(name) ?? [])
        .filter(({ labels: { le: _, ...others } }) => JSON.stringify(others) === JSON.stringify(labels))
        .map(({ labels: { le = "" }, value }) => [le, value]),
    );
  expect(below("vitae_request_duration_bucket", ok)).toMatchObject({ 0: 0, 5: 3, "+Inf": 3 });
  expect(below("vitae_request_duration_bucket", unavailable)).toMatchObject({ 10000: 0, "+Inf": 1 });
  expect(below("vitae_counter_batch_size_bucket", {})).toMatchObject({ 1: 1, 2: 1, 5: 3, 200: 3, 500: 4, "+Inf": 4 });

  const types = [...output.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]);
  expect(Object.fromEntries(types)).toEqual({
    vitae_requests_total: "counter",
    vitae_request_duration: "histogram",
    vitae_requests_in_flight: "gauge",
    vitae_counter_batch_size: "histogram",
  });
  expect(output).toContain(`# HELP vitae_requests_total ${instruments.requests.description}\n`);
});

it("Prometheus text escapes label values", async () => {
  const { measure, text } = createPrometheus();
  const format = 'a"b\\c\nd{}=,é';
  measure("uploads", 1, { format });
  expect(parsePrometheus(await text()).get("vitae_uploads_total")).toMatchObject([{ labels: { format }, value: 1 }]);
});

it("Prometheus text has no samples before the first measurement", async () => {
  const read = parsePrometheus(await createPrometheus().text());
  expect([...read.keys()]).toEqual([]);
});
