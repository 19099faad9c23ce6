// Eight uploads at once of the most expensive images, while visits are counted and a route with a token is called: memory
// of the app's process, and how long the other requests wait. The app runs on one CPU, as an instance in Azure does.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { costlyImages, scanBomb, textBomb } from "../../functions/images/costly-images.fixture.ts";
import { photo, type Size, testImage } from "../../functions/images/test-images.fixture.ts";
import type { Backend } from "../../local/backend.fixture.ts";
import { findChild, memoryOf, peakOf, resetPeak, runOnOneCpu } from "../app-process.ts";
import type { Child } from "../child.ts";
import { type HttpLoadRequest, startHttpLoad } from "../http-load.ts";
import type { LoadResult } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";

const AT_ONCE = 8;
/** Uploads start for so long, eight after eight; the other requests last a little longer. */
const UPLOADS_MS = 10_000;
const OTHERS_MS = 12_000;
/** A second. */
const VISITS = 20;
const TOKEN_REQUESTS = 10;
const TARGETS = { peakMib: 1_200, visitMs: 1_000, tokenMs: 2_000 };
const SETTLE_MS = 1_000;

const LARGE: Size = { width: 7_000, height: 7_000 };
const LARGE_AVIF: Size = { width: 4_000, height: 4_000 };
const PHONE: Size = { width: 4_000, height: 3_000 };

const kinds: Readonly<Record<string, () => Promise<Buffer>>> = {
  "no uploads": async () => Buffer.alloc(0),
  "JPEG of 12 MP": async () => (await photo(PHONE)).jpeg({ quality: 90 }).toBuffer(),
  "AVIF of 12 MP": async () => (await photo(PHONE)).avif({ effort: 0, quality: 60 }).toBuffer(),
  "AVIF of 16 MP, 12 bits with alpha": () => costlyImages["AVIF, 12 bits with alpha"](LARGE_AVIF),
  "AVIF of 49 MP": () => costlyImages["AVIF, 8 bits"](LARGE),
  "PNG, 16 bits, interlaced": () => costlyImages["PNG, 16 bits, interlaced"](LARGE),
  "JPEG, CMYK, progressive": () => costlyImages["JPEG, CMYK, progressive"](LARGE),
  "JPEG, progressive, 2,000 scans": () => scanBomb(LARGE, 2_000),
  "JPEG, progressive, 90 scans": () => scanBomb(LARGE, 90),
  "PNG with 237 MB of compressed text": () => textBomb("zTXt", 30, 7_900_000),
  "WebP, lossless": () => costlyImages["WebP, lossless"](LARGE),
  GIF: () => costlyImages.GIF(LARGE),
};

type Figures = {
  readonly kind: string;
  readonly bytes: number;
  /** Number of uploads by status; 0 for a connection that ended. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly maxMs: number;
  readonly idle: number;
  readonly peak: number;
  readonly visits: LoadResult;
  readonly token: LoadResult;
};
type Clients = Readonly<Record<"visits" | "token", Child<HttpLoadRequest, LoadResult>>>;

/** So that `dns.lookup`, which shares its threads with the decodes, is part of every new connection. */
const byName = (url: string) => url.replace("127.0.0.1", "localhost");

/** With a box behind it that any decoder skips: equal uploads would be one image. */
const unlikeOthers = (image: Buffer) => Buffer.concat([image, Buffer.from("\0\0\0\x10free", "latin1"), randomBytes(8)]);

async function uploadAtOnce(url: string, headers: Record<string, string>, image: Buffer) {
  const began = performance.now();
  const upload = async () => {
    const response = await fetch(url, { method: "POST", headers, body: unlikeOthers(image) }).catch(() => undefined);
    await response?.arrayBuffer().catch(() => undefined);
    return { status: response?.status ?? 0, ms: performance.now() - began };
  };
  return Promise.all(Array.from({ length: AT_ONCE }, upload));
}

async function measure(kind: string, bytes: Buffer, backend: Backend, clients: Clients): Promise<Figures> {
  const { TABLES_ENDPOINT = "", MEDIA__blobServiceUri = "" } = backend.env;
  const host = await backend.addHost({
    TABLES_ENDPOINT: byName(TABLES_ENDPOINT),
    MEDIA__blobServiceUri: byName(MEDIA__blobServiceUri),
  });
  try {
    const app = findChild("worker-main");
    runOnOneCpu(app);
    const images = `${host.url}/api/v1/images`;
    const authorization = `Bearer ${await backend.token("owner")}`;
    const headers = { authorization, "content-type": "application/octet-stream" };
    const first = await fetch(images, { method: "POST", headers, body: await testImage("jpeg") });
    if (!first.ok) throw new Error(`The first upload failed: ${first.status} ${backend.lines.slice(-3).join("\n")}`);
    const { id } = (await first.json()) as { id: string };
    await pause(SETTLE_MS);
    const idle = memoryOf(app);
    resetPeak(app);
    const others = [
      clients.visits.call({
        urls: [`${host.url}/api/v1/visits/resume`],
        method: "POST",
        clients: VISITS,
        rate: VISITS,
        ms: OTHERS_MS,
      }),
      clients.token.call({
        urls: [`${images}/${id}`],
        method: "GET",
        headers: { authorization },
        clients: TOKEN_REQUESTS,
        rate: TOKEN_REQUESTS,
        ms: OTHERS_MS,
      }),
    ] as const;
    const until = performance.now() + UPLOADS_MS;
    const results: Awaited<ReturnType<typeof uploadAtOnce>> = [];
    while (bytes.length > 0 && performance.now() < until) results.push(...(await uploadAtOnce(images, headers, bytes)));
    const [visits, token] = await Promise.all(others);
    const statuses: Record<number, number> = {};
    for (const { status } of results) statuses[status] = (statuses[status] ?? 0) + 1;
    const maxMs = Math.max(0, ...results.map(({ ms }) => ms));
    return { kind, bytes: bytes.length, statuses, maxMs, idle, peak: peakOf(app), visits, token };
  } finally {
    await host.close();
  }
}

/** Each kind runs in a new app. Thumbnails are created in the same process, which Azure does not do. */
export async function benchCostlyImages(
  backend: Backend,
): Promise<{ figures: readonly Figures[]; isCorrect: boolean }> {
  const clients = { visits: startHttpLoad(), token: startHttpLoad() };
  const figures: Figures[] = [];
  backend.events.decide(() => "deliver");
  try {
    printLine(`\n${AT_ONCE} uploads at once, ${VISITS} visits and ${TOKEN_REQUESTS} requests with a token a second.`);
    printLine("The app has one CPU; thumbnails are created in the same process.\n");
    for (const [kind, create] of Object.entries(kinds)) {
      figures.push(await measure(kind, await create(), backend, clients));
      printLine(`  ${kind}`);
    }
  } finally {
    await Promise.all([clients.visits.end(), clients.token.end()]);
  }
  printTable(figures, {
    image: ({ kind }) => kind,
    KB: ({ bytes }) => number(bytes / 1_000),
    responses: ({ statuses }) =>
      Object.entries(statuses)
        .map(([status, count]) => `${count} x ${status}`)
        .join(", ") || "-",
    "max ms": ({ maxMs }) => number(maxMs),
    "idle MiB": ({ idle }) => number(idle),
    "peak MiB": ({ peak }) => number(peak),
    "visits p99 ms": ({ visits }) => number(visits.p99),
    "visits max ms": ({ visits }) => number(visits.max),
    "token p99 ms": ({ token }) => number(token.p99),
    "token max ms": ({ token }) => number(token.max),
    lost: ({ visits, token }) => number(visits.failed + token.failed),
  });
  printLine();
  return { figures, isCorrect: judge(figures) };
}

function judge(figures: readonly Figures[]): boolean {
  const most = (of: (figure: Figures) => number) => Math.max(...figures.map(of));
  const { peakMib, visitMs, tokenMs } = TARGETS;
  const peak = most((figure) => figure.peak);
  const visit = most(({ visits }) => visits.max);
  const token = most((figure) => figure.token.max);
  printTarget(`the app takes at most ${number(peakMib)} MiB: ${number(peak)}`, peak <= peakMib);
  printTarget(`a visit takes at most ${number(visitMs)} ms: ${number(visit)}`, visit <= visitMs);
  printTarget(`a request with a token takes at most ${number(tokenMs)} ms: ${number(token)}`, token <= tokenMs);
  return printTarget(
    "every upload, visit and request with a token had a response",
    figures.every(({ statuses, visits, token }) => !statuses[0] && visits.failed === 0 && token.failed === 0),
  );
}
