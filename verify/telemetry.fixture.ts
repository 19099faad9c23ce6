// Reads dependencies and metrics from the envelopes that Application Insights received.
import type { Item } from "../local/ingestion.fixture.ts";

export type Dependency = { item: Item; name: string; store: unknown; operationId: string | undefined };
/** One metric with one set of labels; values and counts are summed over the export intervals. */
export type Metric = { labels: Record<string, string>; value: number; count: number };

const itemsOf = (items: readonly Item[], type: string) => items.filter(({ data }) => data.baseType === type);

export function readDependencies(items: readonly Item[]): Dependency[] {
  return itemsOf(items, "RemoteDependencyData").map((item) => {
    const { name, properties } = item.data.baseData as { name: string; properties: Record<string, string> };
    return { item, name, store: properties.store, operationId: item.tags["ai.operation.id"] };
  });
}

export function readMetric(items: readonly Item[], name: string): Metric[] {
  type Data = { metrics: { name: string; value: number; count: number }[]; properties: Record<string, string> };
  const data = itemsOf(items, "MetricData")
    .map((item) => item.data.baseData as unknown as Data)
    .filter(({ metrics }) => metrics[0]?.name === name);
  const groups = Map.groupBy(data, ({ properties }) => JSON.stringify(properties));
  return [...groups].map(([labels, group]) => ({
    labels: JSON.parse(labels),
    value: group.reduce((sum, { metrics }) => sum + (metrics[0]?.value ?? 0), 0),
    count: group.reduce((sum, { metrics }) => sum + (metrics[0]?.count ?? 0), 0),
  }));
}
