// Who may send telemetry to the stand-in, and what it keeps.
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

type Sent = { token?: string; path?: string; method?: string; body?: string | Buffer; encoding?: string };

function send({ token = "good", path = "v2.1/track", method = "POST", body = "[]", encoding }: Sent = {}) {
  return new Promise<{ status: number; body: { itemsAccepted: number } }>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(encoding && { "content-encoding": encoding }) };
    request(`${ingestion.url}${path}`, { method, headers, ca: certificate.cert }, async (answer) =>
      resolve({ status: answer.statusCode ?? 0, body: JSON.parse(await text(answer)) }),
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
  it.each<[string, (items: object[]) => Pick<Sent, "body" | "encoding">]>([
    ["an array", (items) => ({ body: JSON.stringify(items) })],
    ["lines", (items) => ({ body: items.map((each) => JSON.stringify(each)).join("\n") })],
    ["compressed", (items) => ({ body: gzipSync(JSON.stringify(items)), encoding: "gzip" })],
  ])("keeps what comes as %s", async (_, pack) => {
    const items = [item("a"), item("b")];
    expect(await send(pack(items))).toMatchObject({ status: 200, body: { itemsReceived: 2, itemsAccepted: 2 } });
    expect(ingestion.items).toEqual(items);
    expect(ingestion.bodies).toHaveLength(1);
  });

  it.each([["other"], ["unknown"], [""]])("keeps nothing from the token %j", async (token) => {
    expect((await send({ token, body: JSON.stringify([item("a")]) })).status).toBe(401);
    expect(ingestion.items).toEqual([]);
    expect(ingestion.rejected()).toBe(1);
  });

  it.each<[string, Sent]>([
    ["another's instrumentation key", { body: JSON.stringify([{ iKey: "x" }]) }],
    ["what is not JSON", { body: "{" }],
    ["what is not compressed though it says so", { body: "[]", encoding: "gzip" }],
  ])("refuses %s", async (_, sent) => {
    expect((await send(sent)).status).toBe(400);
    expect(ingestion.items).toEqual([]);
  });

  it.each<Sent>([{ path: "v2/track" }, { path: "" }, { method: "PUT" }])("has no %o", async (sent) => {
    expect((await send(sent)).status).toBe(404);
  });
});
