// The part of Application Insights' ingestion endpoint that the SDK uses: accepts authorized telemetry and keeps it.
// https://learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { Certificate } from "./certificate.ts";
import { LOOPBACK, listen } from "./listen.ts";

const RESOURCE = "https://monitor.azure.com";

/** One telemetry item, with the fields that tests read. */
export type Item = {
  name: string;
  iKey: string;
  time: string;
  tags: Record<string, string>;
  data: { baseType: string; baseData: Record<string, unknown> };
};

export type Ingestion = {
  url: string;
  connectionString: string;
  /** Accepted items, oldest first. */
  items: Item[];
  /** Every request body as text, accepted or not. */
  bodies: string[];
  /** Number of calls rejected for a missing or wrong token. */
  rejected(): number;
  close(): Promise<void>;
};

type IngestionOptions = {
  certificate: Pick<Certificate, "cert" | "key">;
  /** The audience of a token of the local identity. */
  audienceOf: (token: string) => string | undefined;
};

export async function startIngestion({ certificate: { cert, key }, audienceOf }: IngestionOptions): Promise<Ingestion> {
  const iKey = randomUUID();
  const items: Item[] = [];
  const bodies: string[] = [];
  let rejected = 0;

  async function handle(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const bytes = await buffer(request);
    const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
    bodies.push(text);
    if (request.method !== "POST" || request.url !== "/v2.1/track")
      return failure(404, "Only POST /v2.1/track exists.");
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined || audienceOf(token)?.replace(/\/$/, "") !== RESOURCE) {
      rejected += 1;
      return failure(401, `A bearer token for ${RESOURCE} is required.`);
    }
    const received = parseItems(text);
    if (received.some((item) => item.iKey !== iKey)) return failure(400, "Invalid instrumentation key");
    items.push(...received);
    return { status: 200, body: { itemsReceived: received.length, itemsAccepted: received.length, errors: [] } };
  }

  const server = createServer({ cert, key }, async (request, response) => {
    const { status, body } = await handle(request).catch((cause: unknown) => failure(400, String(cause)));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const { port, close } = await listen(server, "The ingestion endpoint");
  const url = `https://${LOOPBACK}:${port}/`;
  return {
    url,
    connectionString: `InstrumentationKey=${iKey};IngestionEndpoint=${url}`,
    items,
    bodies,
    rejected: () => rejected,
    close,
  };
}

/** The body is an array, or has one item per line. */
function parseItems(text: string): Item[] {
  if (text.startsWith("[")) return JSON.parse(text);
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

function failure(statusCode: number, message: string): { status: number; body: object } {
  const body = { itemsReceived: 0, itemsAccepted: 0, errors: [{ index: 0, statusCode, message }] };
  return { status: statusCode, body };
}
