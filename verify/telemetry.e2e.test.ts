// What the package sends to Application Insights and shows on /metrics: the same numbers, and no personal data.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { parsePrometheus, type Sample } from "../functions/lib/prometheus-text.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Ingestion, startIngestion } from "../local/ingestion.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { readDependencies, readMetric } from "./telemetry.fixture.ts";

const TRACE_ID = "a".repeat(32);
/** The trace id of the host, which differs when the client sends its own. */
const OPERATION_ID = "b".repeat(32);
const CLIENT_ADDRESS = "203.0.113.77";
const MISSING_IMAGE_ID = "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b";
const outgoing = pathToFileURL(join(import.meta.dirname, "outgoing.fixture.ts")).href;

let backend: Backend;
let ingestion: Ingestion;
let token: string;
let link: string;
let imageId: string;
let scraped: Map<string, Sample[]>;
/** Calls that reached the stores, with the client request id that they carried. */
const storeCalls: { store: "table" | "blob"; method: string; id: unknown }[] = [];
let responseBytes = 0;

const dependencies = () => readDependencies(ingestion.items);
const metric = (name: string) => readMetric(ingestion.items, name);
const sumOf = (name: string, labels: object) =>
  metric(name).find((each) => JSON.stringify(each.labels) === JSON.stringify(labels))?.value;

beforeAll(async () => {
  backend = await startBackend({ LOG_LEVEL: "debug", NODE_OPTIONS: `--import=${outgoing}` });
  await backend.host.close();
  const { certificate, audienceOf } = backend.services;
  ingestion = await startIngestion({ certificate, audienceOf });
  backend.lines.length = 0;
  const host = await backend.addHost({
    APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString,
    METRICS_ENABLED: "public",
  });
  const api = `${host.url}/api`;
  token = await backend.token("owner");
  for (const [store, proxy] of [["table", backend.proxy] as const, ["blob", backend.blobProxy] as const])
    proxy.decide(({ headers, method }) => {
      storeCalls.push({ store, method, id: headers["x-ms-client-request-id"] });
      return undefined;
    });

  const client = { "X-Forwarded-For": CLIENT_ADDRESS, "User-Agent": "UnusualBrowser/1.0" };
  const headers = { "X-Trace-ID": TRACE_ID, traceparent: `00-${OPERATION_ID}-${"c".repeat(16)}-01`, ...client };
  for (let n = 0; n < 3; n++) {
    const response = await fetch(`${api}/v1/visits/resume`, { method: "POST", headers });
    responseBytes += (await response.text()).length;
  }
  await fetch(`${api}/v1/visits/unknown-page`, { headers });
  const library = openLibrary(api, token);
  const form = await library.upload(await testImage("png", { width: 300, height: 200 }), "My passport.png");
  ({ id: imageId } = (await form.json()) as { id: string });
  await library.settled(imageId);
  ({ url: link } = await library.link(imageId, "original"));
  await library.read(MISSING_IMAGE_ID);
  scraped = parsePrometheus(await (await fetch(`${api}/metrics`)).text());
  // Flushes the last metrics and calls.
  await host.close();
});
afterAll(async () => {
  await ingestion.close();
  await backend.close();
});

describe("Application Insights", () => {
  it("receives only dependencies and metrics, authenticated: the host reports the requests", () => {
    expect(ingestion.rejected()).toBe(0);
    expect([...new Set(ingestion.items.map(({ data }) => data.baseType))].sort()).toEqual([
      "MetricData",
      "RemoteDependencyData",
    ]);
    expect(backend.lines.filter((line) => line.includes("telemetry-not-sent"))).toEqual([]);
  });

  it("receives the calls to tables, blobs and vault as successful dependencies of their request", () => {
    const visits = dependencies().filter(({ item }) => item.tags["ai.operation.name"] === "visitor-counter");
    expect(visits.length).toBeGreaterThanOrEqual(3);
    for (const { item, name, operationId } of visits) {
      expect(name).toMatch(/^(GET|POST|PUT) \/devstoreaccount1\/visits$/);
      expect(operationId).toBe(OPERATION_ID);
      expect(item.data.baseData.properties).toMatchObject({ trace_id: TRACE_ID });
      expect(item.tags["ai.operation.parentId"]).toMatch(/^(?!c{16})[0-9a-f]{16}$/);
    }
    const upload = dependencies().filter(({ item }) => item.tags["ai.operation.name"] === "image-upload");
    expect(new Set(upload.map(({ store }) => store))).toEqual(new Set(["vault", "table", "blob"]));
    expect(new Set(upload.map(({ operationId }) => operationId)).size).toBe(1);
    const thumbnail = dependencies().filter(({ item }) => item.tags["ai.operation.name"] === "thumbnail");
    expect(new Set(thumbnail.map(({ store }) => store))).toEqual(new Set(["table", "blob"]));
    for (const { item } of dependencies()) {
      expect(item.data.baseData).toMatchObject({ success: true, type: "Http" });
      expect(item.tags["ai.cloud.role"]).toBe("vitae");
    }
  });

  it("receives the metrics of the requests", () => {
    expect(sumOf("requests", { function: "visitor-counter", status: "200" })).toBe(3);
    expect(sumOf("requests", { function: "visitor-count", status: "404" })).toBe(1);
    expect(sumOf("requests", { function: "image-upload", status: "201" })).toBe(1);
    expect(sumOf("response_size", { function: "visitor-counter", status: "200" })).toBe(responseBytes);
    expect(sumOf("request_size", { function: "image-upload", status: "201" })).toBeGreaterThan(300);
    expect(sumOf("visits", { page: "resume" })).toBe(3);
    expect(sumOf("counter_batch_size", { page: "resume" })).toBe(3);
    expect(sumOf("uploads", { format: "png" })).toBe(1);
    expect(sumOf("thumbnail_duration", { outcome: "created" })).toBeGreaterThan(0);
    const [durations] = metric("request_duration").filter(({ labels }) => labels.function === "visitor-counter");
    expect(durations).toMatchObject({ count: 3 });
    expect(metric("requests_in_flight").at(-1)).toMatchObject({ labels: {}, value: 0 });
  });

  it("receives no client address, browser, user, file name, token or signature", () => {
    const all = ingestion.bodies.join("\n").toLowerCase();
    expect(all).toContain("image-upload");
    const { searchParams, pathname } = new URL(link);
    const personalData = [
      CLIENT_ADDRESS,
      "UnusualBrowser",
      "passport",
      imageId,
      MISSING_IMAGE_ID,
      "/owner",
      token.slice(0, 20),
      searchParams.get("sig") ?? "missing",
      "sig=",
      pathname,
      "PartitionKey",
      "Bearer",
    ];
    expect(personalData.filter((text) => all.includes(text.toLowerCase()))).toEqual([]);
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
  it("calls only its own services", () => {
    const { env } = backend;
    const own = [env.TABLES_ENDPOINT, env.MEDIA__blobServiceUri, env.VAULT_URI, env.IDENTITY_ENDPOINT, ingestion.url];
    const called = backend.lines.flatMap((line) => /^outgoing (.+)$/.exec(line)?.[1] ?? []);
    expect(new Set(called)).toEqual(new Set(own.map((url) => new URL(url as string).host)));
  });

  it("loads the telemetry exporters once, after the first response", () => {
    const messages = backend.lines.flatMap((line) => /"message":"(request|telemetry-loading)"/.exec(line)?.[1] ?? []);
    expect(messages[0]).toBe("request");
    expect(messages.filter((message) => message === "telemetry-loading")).toHaveLength(1);
  });

  it("sends the trace id of the request to tables and blobs", () => {
    const visits = storeCalls.filter(({ id }) => id === TRACE_ID);
    expect(visits.filter(({ store, method }) => store === "table" && method === "PUT")).toHaveLength(3);
    const traceIdsOf = (name: string) =>
      backend.lines.flatMap(
        (line) => new RegExp(`"trace_id":"([0-9a-f]{32})","function":"${name}"`).exec(line)?.[1] ?? [],
      );
    const [upload] = traceIdsOf("image-upload");
    expect(storeCalls).toContainEqual({ store: "blob", method: "PUT", id: upload });
    expect(storeCalls).toContainEqual({ store: "table", method: "POST", id: upload });
    const [thumbnail] = traceIdsOf("thumbnail");
    expect(storeCalls).toContainEqual({ store: "blob", method: "PUT", id: thumbnail });
    const known = [TRACE_ID, ...["image-upload", "thumbnail", "image-read", "sas-issue"].flatMap(traceIdsOf)];
    expect(storeCalls.filter(({ store, id }) => store === "table" && !known.includes(String(id)))).toEqual([]);
  });
});

it("GET /metrics shows the numbers that Application Insights receives", () => {
  const isEarlier = ({ labels }: { labels: Record<string, string> }) => labels.function !== "metrics";
  const compare = (name: string, suffix: string, kind: "value" | "count") => {
    const line = (labels: object, value: number) => `${JSON.stringify(labels)} ${value.toFixed(3)}`;
    const shown = (scraped.get(`vitae_${name}${suffix}`) ?? []).filter(isEarlier);
    const received = metric(name).filter(isEarlier);
    expect(shown.length, name).toBeGreaterThan(0);
    expect(shown.map(({ labels, value }) => line(labels, value)).sort()).toEqual(
      received.map((each) => line(each.labels, each[kind])).sort(),
    );
  };
  for (const name of ["requests", "uploads"]) compare(name, "_total", "value");
  for (const name of ["request_duration", "request_size", "response_size", "thumbnail_duration"]) {
    compare(name, "_sum", "value");
    compare(name, "_count", "count");
  }
  // The request for the metrics itself.
  expect(scraped.get("vitae_requests_in_flight")).toMatchObject([{ value: 1 }]);
});
