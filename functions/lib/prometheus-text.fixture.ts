// Parses the samples of Prometheus' text format, independently of the library that writes it.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details

export type Sample = { name: string; labels: Record<string, string>; value: number };

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/gy;

const unescapeLabel = (text: string) => text.replace(/\\(.)/g, (_, char) => (char === "n" ? "\n" : char));

function parseLine(line: string): Sample {
  const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
  const pairs = [...labels.matchAll(LABEL)];
  if (!name || pairs.map(([match]) => match).join("") !== labels || Number.isNaN(Number(value)))
    throw new Error(`A sample is NAME{LABEL="TEXT",…} NUMBER, received: ${line}`);
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, key, text = ""]) => [key, unescapeLabel(text)])),
    value: Number(value),
  };
}

/** Samples by name; a histogram has the samples `…_bucket`, `…_sum` and `…_count`. */
export function parsePrometheus(text: string): Map<string, Sample[]> {
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
  return Map.groupBy(lines.map(parseLine), ({ name }) => name);
}
