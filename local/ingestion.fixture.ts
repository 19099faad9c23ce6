// The ingestion endpoint of Application Insights, as far as the SDK uses it: takes telemetry from whoever may send it, and keeps it.
// https://learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { Certificate } from "./certificate.ts";
import { LOOPBACK, listen } from "./listen.ts";

const RESOURCE = "https://monitor.azure.com";

/** One telemetry item, as far as anybody here reads it. */
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
  /** Accepted so far, oldest first. */
  items: Item[];
  /** All that came, as text, accepted or not. */
  bodies: string[];
  /** Calls turned away for want of a token. */
  rejected(): number;
  close(): Promise<void>;
};

type Options = {
  certificate: Pick<Certificate, "cert" | "key">;
  /** The audience of a token that the local identity issued. */
  audienceOf: (token: string) => string | undefined;
};

export async function startIngestion({ certificate: { cert, key }, audienceOf }: Options): Promise<Ingestion> {
  const iKey = randomUUID();
  const items: Item[] = [];
  const bodies: string[] = [];
  let refused = 0;

  async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const bytes = await buffer(request);
    const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
    bodies.push(text);
    if (request.method !== "POST" || request.url !== "/v2.1/track")
      return failure(404, "POST /v2.1/track is the only path.");
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined || audienceOf(token)?.replace(/\/$/, "") !== RESOURCE) {
      refused += 1;
      return failure(401, `A bearer token for ${RESOURCE} is needed.`);
    }
    const sent = read(text);
    if (sent.some((item) => item.iKey !== iKey)) return failure(400, "Invalid instrumentation key");
    items.push(...sent);
    return { status: 200, body: { itemsReceived: sent.length, itemsAccepted: sent.length, errors: [] } };
  }

  const server = createServer({ cert, key }, async (request, response) => {
    const { status, body } = await answer(request).catch((cause: unknown) => failure(400, String(cause)));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const { port, close } = await listen(server, "The ingestion endpoint");
  const url = `https://${LOOPBACK}:${port}/`;
  return {
    url,
    connectionString: `InstrumentationKey=${iKey};IngestionEndpoint=${url}`,
    items,
    bodies,
    rejected: () => refused,
    close,
  };
}

/** An array, or one item a line. */
function read(text: string): Item[] {
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
