// Which telemetry the ingestion endpoint accepts.
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Certificate, loadCertificate } from "./certificate.ts";
import { type Ingestion, startIngestion } from "./ingestion.fixture.ts";

const audiences: Record<string, string> = { good: "https://monitor.azure.com/", other: "https://vault.azure.net" };
let folder: string;
let certificate: Certificate;
let ingestion: Ingestion;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-ingestion-"));
  certificate = await loadCertificate(folder);
  ingestion = await startIngestion({ certificate, audienceOf: (token) => audiences[token] });
});
afterEach(async () => {
  await ingestion.close();
  await rm(folder, { recursive: true });
});

type TelemetryRequest = { token?: string; path?: string; method?: string; body?: string | Buffer; encoding?: string };

function send({ token = "good", path = "v2.1/track", method = "POST", body = "[]", encoding }: TelemetryRequest = {}) {
  return new Promise<{ status: number; body: { itemsAccepted: number } }>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(encoding && { "content-encoding": encoding }) };
    request(`${ingestion.url}${path}`, { method, headers, ca: certificate.cert }, async (response) =>
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(await text(response)) }),
    )
      .on("error", reject)
      .end(body);
  });
}
const item = (name: string) => {
  const [, iKey] = /InstrumentationKey=([^;]+)/.exec(ingestion.connectionString) ?? [];
  return { name, iKey, time: "2026-11-21T09:00:00Z", tags: {}, data: { baseType: "MetricData", baseData: {} } };
};

describe("the ingestion endpoint", () => {
  it.each<[string, (items: object[]) => Pick<TelemetryRequest, "body" | "encoding">]>([
    ["an array", (items) => ({ body: JSON.stringify(items) })],
    ["lines", (items) => ({ body: items.map((each) => JSON.stringify(each)).join("\n") })],
    ["compressed", (items) => ({ body: gzipSync(JSON.stringify(items)), encoding: "gzip" })],
  ])("keeps items sent as %s", async (_, pack) => {
    const items = [item("a"), item("b")];
    expect(await send(pack(items))).toMatchObject({ status: 200, body: { itemsReceived: 2, itemsAccepted: 2 } });
    expect(ingestion.items).toEqual(items);
    expect(ingestion.bodies).toHaveLength(1);
  });

  it.each([["other"], ["unknown"], [""]])("rejects the token %j with 401", async (token) => {
    expect((await send({ token, body: JSON.stringify([item("a")]) })).status).toBe(401);
    expect(ingestion.items).toEqual([]);
    expect(ingestion.rejected()).toBe(1);
  });

  it.each<[string, TelemetryRequest]>([
    ["another instrumentation key", { body: JSON.stringify([{ iKey: "x" }]) }],
    ["malformed JSON", { body: "{" }],
    ["a body that is not compressed as declared", { body: "[]", encoding: "gzip" }],
  ])("rejects %s with 400", async (_, sent) => {
    expect((await send(sent)).status).toBe(400);
    expect(ingestion.items).toEqual([]);
  });

  it.each<TelemetryRequest>([{ path: "v2/track" }, { path: "" }, { method: "PUT" }])(
    "rejects %o with 404",
    async (sent) => {
      expect((await send(sent)).status).toBe(404);
    },
  );
});
