// What Application Insights receives of the built bundle, and what a scraper reads: the same numbers, and nobody's data.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { Host } from "../local/host/host.ts";
import { type Ingestion, type Item, startIngestion } from "../local/ingestion.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { readPrometheus, type Sample } from "./prometheus-text.ts";

const asked = "a".repeat(32);
const operation = "b".repeat(32);
const traceparent = `00-${operation}-${"c".repeat(16)}-01`;
const CALLER = "203.0.113.77";
const NOBODY = "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b";
const outgoing = pathToFileURL(join(import.meta.dirname, "outgoing.simulation.ts")).href;
/** One telemetry host, and one that nobody configured; both tell whom they ask. */
const settings = { LOG_LEVEL: "debug", NODE_OPTIONS: `--import=${outgoing}` };

let backend: Backend;
let ingestion: Ingestion;
let host: Host;
let token: string;
let link: string;
let imageId: string;
let scraped: Map<string, Sample[]>;
/** What the stores were told of each call. */
const carried: { store: "table" | "blob"; method: string; id: unknown }[] = [];
let answerBytes = 0;

const sent = (type: string) => ingestion.items.filter(({ data }) => data.baseType === type);
type Dependency = { item: Item; name: string; store: unknown; operation: string | undefined };
const dependencies = (): Dependency[] =>
  sent("RemoteDependencyData").map((item) => {
    const { name, properties } = item.data.baseData as { name: string; properties: Record<string, string> };
    return { item, name, store: properties.store, operation: item.tags["ai.operation.id"] };
  });

/** All samples of a custom metric: labels, and value and count added up over the intervals. */
function metric(name: string): { labels: Record<string, string>; value: number; count: number }[] {
  type Data = { metrics: { name: string; value: number; count: number }[]; properties: Record<string, string> };
  const found = sent("MetricData")
    .map(({ data }) => data.baseData as unknown as Data)
    .filter(({ metrics }) => metrics[0]?.name === name);
  const groups = Map.groupBy(found, ({ properties }) => JSON.stringify(properties));
  return [...groups].map(([labels, data]) => ({
    labels: JSON.parse(labels),
    value: data.reduce((sum, { metrics }) => sum + (metrics[0]?.value ?? 0), 0),
    count: data.reduce((sum, { metrics }) => sum + (metrics[0]?.count ?? 0), 0),
  }));
}
const countOf = (name: string, labels: object) =>
  metric(name).find((each) => JSON.stringify(each.labels) === JSON.stringify(labels))?.value;

beforeAll(async () => {
  backend = await startBackend(settings);
  await backend.host.close();
  const { certificate, audienceOf } = backend.services;
  ingestion = await startIngestion({ certificate, audienceOf });
  backend.lines.length = 0;
  host = await backend.addHost({
    APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString,
    METRICS_ENABLED: "public",
  });
  const api = `${host.url}/api`;
  token = await backend.token("owner");
  for (const [store, proxy] of [["table", backend.proxy] as const, ["blob", backend.blobProxy] as const])
    proxy.decide(({ headers, method }) => {
      carried.push({ store, method, id: headers["x-ms-client-request-id"] });
      return undefined;
    });

  const headers = { "X-Trace-ID": asked, traceparent, "X-Forwarded-For": CALLER, "User-Agent": "Somebody's browser" };
  for (let n = 0; n < 3; n++) {
    const answer = await fetch(`${api}/v1/visits/resume`, { method: "POST", headers });
    answerBytes += (await answer.text()).length;
  }
  await fetch(`${api}/v1/visits/nobody`, { headers });
  const library = openLibrary(api, token);
  const form = await library.upload(await testImage("png", { width: 300, height: 200 }), "My passport.png");
  ({ id: imageId } = (await form.json()) as { id: string });
  await library.settled(imageId);
  ({ url: link } = await library.link(imageId, "original"));
  await library.read(NOBODY);
  scraped = readPrometheus(await (await fetch(`${api}/metrics`)).text());
  // Its last numbers and calls are some milliseconds old: only what is flushed can arrive.
  await host.close();
}, 120_000);
afterAll(async () => {
  await ingestion.close();
  await backend.close();
});

describe("Application Insights", () => {
  it("receives calls and measurements, with a token, and no second report of a request", () => {
    expect(ingestion.rejected()).toBe(0);
    expect([...new Set(ingestion.items.map(({ data }) => data.baseType))].sort()).toEqual([
      "MetricData",
      "RemoteDependencyData",
    ]);
    expect(backend.lines.filter((line) => line.includes("telemetry-not-sent"))).toEqual([]);
  });

  it("files the calls of tables, blobs and vault under the request that they serve", () => {
    const visits = dependencies().filter(({ item }) => item.tags["ai.operation.name"] === "visitor-counter");
    expect(visits.length).toBeGreaterThanOrEqual(3);
    for (const { item, name, operation: filed } of visits) {
      expect(name).toMatch(/^(GET|POST|PUT) \/devstoreaccount1\/visits$/);
      expect(filed).toBe(operation);
      expect(item.data.baseData.properties).toMatchObject({ trace_id: asked });
      expect(item.tags["ai.operation.parentId"]).toMatch(/^(?!c{16})[0-9a-f]{16}$/);
    }
    const upload = dependencies().filter(({ item }) => item.tags["ai.operation.name"] === "image-upload");
    expect(new Set(upload.map(({ store }) => store))).toEqual(new Set(["vault", "table", "blob"]));
    expect(new Set(upload.map(({ operation: filed }) => filed)).size).toBe(1);
    const thumbnail = dependencies().filter(({ item }) => item.tags["ai.operation.name"] === "thumbnail");
    expect(new Set(thumbnail.map(({ store }) => store))).toEqual(new Set(["table", "blob"]));
  });

  it("has no request without its calls, and no call that failed", () => {
    for (const { item } of dependencies()) {
      expect(item.data.baseData).toMatchObject({ success: true, type: "Http" });
      expect(item.tags["ai.cloud.role"]).toBe("vitae");
    }
  });

  it("receives the numbers of what was done", () => {
    expect(countOf("requests", { function: "visitor-counter", status: "200" })).toBe(3);
    expect(countOf("requests", { function: "visitor-count", status: "404" })).toBe(1);
    expect(countOf("requests", { function: "image-upload", status: "201" })).toBe(1);
    expect(countOf("response_size", { function: "visitor-counter", status: "200" })).toBe(answerBytes);
    expect(countOf("request_size", { function: "image-upload", status: "201" })).toBeGreaterThan(300);
    expect(countOf("visits", { page: "resume" })).toBe(3);
    expect(countOf("counter_batch_size", { page: "resume" })).toBe(3);
    expect(countOf("uploads", { format: "png" })).toBe(1);
    expect(countOf("thumbnail_duration", { outcome: "made" })).toBeGreaterThan(0);
    const [durations] = metric("request_duration").filter(({ labels }) => labels.function === "visitor-counter");
    expect(durations).toMatchObject({ count: 3 });
    expect(metric("requests_in_flight").at(-1)).toMatchObject({ labels: {}, value: 0 });
  });

  it("learns nothing about people: no address, browser, name, file, token or signature", () => {
    const all = ingestion.bodies.join("\n");
    expect(all).toContain("image-upload");
    const { searchParams, pathname } = new URL(link);
    const secrets = [
      CALLER,
      "Somebody",
      "passport",
      imageId,
      NOBODY,
      "/owner",
      token.slice(0, 20),
      searchParams.get("sig") ?? "missing",
      "sig=",
      pathname,
      "PartitionKey",
      "Bearer",
    ];
    expect(secrets.filter((secret) => all.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
    const tags = new Set(ingestion.items.flatMap((item) => Object.keys(item.tags)));
    expect([...tags].sort()).toEqual([
      "ai.cloud.role",
      "ai.cloud.roleInstance",
      "ai.internal.sdkVersion",
      "ai.operation.id",
      "ai.operation.name",
      "ai.operation.parentId",
    ]);
  });
});

describe("the app", () => {
  it("asks its own services and no other host", () => {
    const { env } = backend;
    const own = [env.TABLES_ENDPOINT, env.MEDIA__blobServiceUri, env.VAULT_URI, env.IDENTITY_ENDPOINT, ingestion.url];
    const hosts = own.map((url) => new URL(url as string).host);
    const told = backend.lines.flatMap((line) => /^outgoing (.+)$/.exec(line)?.[1] ?? []);
    expect(new Set(told)).toEqual(new Set(hosts));
  });

  it("answers first, and loads what sends telemetry once after that", () => {
    const messages = backend.lines.flatMap((line) => /"message":"(request|telemetry-loading)"/.exec(line)?.[1] ?? []);
    expect(messages[0]).toBe("request");
    expect(messages.filter((message) => message === "telemetry-loading")).toHaveLength(1);
  });

  it("tells tables and blobs the trace id of the request", () => {
    const visits = carried.filter(({ id }) => id === asked);
    expect(visits.filter(({ store, method }) => store === "table" && method === "PUT")).toHaveLength(3);
    const logged = (name: string) =>
      backend.lines.flatMap(
        (line) => new RegExp(`"trace_id":"([0-9a-f]{32})","function":"${name}"`).exec(line)?.[1] ?? [],
      );
    const [upload] = logged("image-upload");
    expect(carried).toContainEqual({ store: "blob", method: "PUT", id: upload });
    expect(carried).toContainEqual({ store: "table", method: "POST", id: upload });
    const [thumbnail] = logged("thumbnail");
    expect(carried).toContainEqual({ store: "blob", method: "PUT", id: thumbnail });
    const known = [asked, ...["image-upload", "thumbnail", "image-read", "sas-issue"].flatMap(logged)];
    expect(carried.filter(({ store, id }) => store === "table" && !known.includes(String(id)))).toEqual([]);
  });
});

describe("GET /metrics", () => {
  it("shows the numbers that Application Insights receives", () => {
    const done = (labels: Record<string, string>) => labels.function !== "metrics";
    const compare = (name: string, suffix: string, kind: "value" | "count") => {
      const shown = (scraped.get(`vitae_${name}${suffix}`) ?? []).filter(({ labels }) => done(labels));
      expect(shown.length, name).toBeGreaterThan(0);
      const received = metric(name).filter(({ labels }) => done(labels));
      const line = (labels: object, value: number) => `${JSON.stringify(labels)} ${value.toFixed(3)}`;
      expect(shown.map(({ labels, value }) => line(labels, value)).sort()).toEqual(
        received.map((each) => line(each.labels, each[kind])).sort(),
      );
    };
    for (const name of ["requests", "uploads"]) compare(name, "_total", "value");
    for (const name of ["request_duration", "request_size", "response_size", "thumbnail_duration"]) {
      compare(name, "_sum", "value");
      compare(name, "_count", "count");
    }
    // The request that asks.
    expect(scraped.get("vitae_requests_in_flight")).toMatchObject([{ value: 1 }]);
  });
});

describe("without a connection string and with METRICS_ENABLED=false", () => {
  it("nothing loads, nothing is sent, and /metrics is nowhere", async () => {
    const before = ingestion.bodies.length;
    backend.lines.length = 0;
    const plain = await backend.addHost({ METRICS_ENABLED: "false" });
    await fetch(`${plain.url}/api/v1/visits/resume`, { method: "POST" });
    const answer = await fetch(`${plain.url}/api/metrics`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: "NOT_FOUND" } });
    const document = (await (await fetch(`${plain.url}/api/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(document.paths)).not.toContain("/metrics");
    await plain.close();
    expect(backend.lines.filter((line) => line.includes("telemetry"))).toEqual([]);
    expect(backend.lines.join("\n")).not.toContain(new URL(ingestion.url).host);
    expect(ingestion.bodies).toHaveLength(before);
  });
});
