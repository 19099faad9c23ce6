// Reads Prometheus' text format as a scraper does: names, labels and values of all samples.
// @ts-expect-error: the package has no types
import parse from "parse-prometheus-text-format";

export type Sample = { name: string; labels: Record<string, string>; value: number };

type Family = { name: string; metrics: { labels?: Record<string, string>; value: string }[] };

/** By name; a histogram's samples are called `…_bucket`, `…_sum` and `…_count`. */
export function readPrometheus(text: string): Map<string, Sample[]> {
  // The parser makes one histogram of all that differ in their labels, so it is not told which they are. It leaves out a
  // last line without an end.
  const plain = `${text.replace(/^# TYPE \S+ histogram$/gm, "")}\n`;
  const samples = (parse(plain) as Family[]).flatMap(({ name, metrics }) =>
    metrics.map(({ labels = {}, value }) => ({ name, labels, value: Number(value) })),
  );
  return Map.groupBy(samples, ({ name }) => name);
}
