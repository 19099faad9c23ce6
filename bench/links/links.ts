// bench links: links a second from a warm app, and how many calls each of them costs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Backend, startBackend } from "../../local/backend.fixture.ts";
import { startChild } from "../child.ts";
import { startHttpLoad } from "../http-load.ts";
import { alternateRounds, type LoadResult } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { median, sum } from "../statistics.ts";
import { makePictures } from "../thumbnail/pictures.ts";
import type { SignRequest, SignResult } from "./in-process.ts";

const ROUNDS = 3;
const LOAD_MS = 3_000;
const WARM_UP_MS = 1_000;
const READY_WITHIN_MS = 20_000;

type Way = {
  readonly name: string;
  readonly clients: number;
  readonly isWarm: boolean;
  /** `requests`: HTTP requests of the process that signs, where it can be observed. */
  load(ms: number): Promise<LoadResult & { readonly requests?: number }>;
};
type Figures = Omit<Way, "load"> & {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly links: number;
  readonly failed: number;
  readonly blobCalls: number;
  readonly tableCalls: number;
  readonly requests: number | undefined;
};

/** @returns the id of a picture whose thumbnail is ready */
async function uploadedImage(
  { api, lines }: Backend,
  { token, file }: { token: string; file: string },
): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const uploaded = await fetch(`${api}/v1/images`, {
    method: "POST",
    headers: { ...headers, "content-type": "image/jpeg" },
    body: await readFile(file),
  });
  if (uploaded.status !== 201)
    throw new Error(`The upload was answered ${uploaded.status}: ${lines.slice(-3).join("\n")}`);
  const { id } = (await uploaded.json()) as { id: string };
  const until = performance.now() + READY_WITHIN_MS;
  while (performance.now() < until) {
    const { status } = (await (await fetch(`${api}/v1/images/${id}`, { headers })).json()) as { status: string };
    if (status === "ready") return id;
    await pause(100);
  }
  throw new Error(`The thumbnail is not ready after ${READY_WITHIN_MS} ms: ${lines.slice(-3).join("\n")}`);
}

async function measure(ways: readonly Way[], { proxy, blobProxy }: Backend): Promise<Figures[]> {
  for (const way of ways) await way.load(WARM_UP_MS);
  const rounds = await alternateRounds(ways, ROUNDS, async (way) => {
    const before = { blob: blobProxy.calls(), table: proxy.calls() };
    const result = await way.load(LOAD_MS);
    const calls = { blobCalls: blobProxy.calls() - before.blob, tableCalls: proxy.calls() - before.table };
    return { ...result, ...calls };
  });
  return [...rounds].map(([{ name, clients, isWarm }, results]) => {
    const middle = (field: "perSecond" | "p50" | "p99") => median(results.map((result) => result[field]));
    const total = (field: "succeeded" | "failed" | "blobCalls" | "tableCalls" | "requests") =>
      sum(results.map((result) => result[field] ?? Number.NaN));
    const requests = total("requests");
    return {
      ...{ name, clients, isWarm, requests: Number.isNaN(requests) ? undefined : requests },
      ...{ perSecond: middle("perSecond"), p50: middle("p50"), p99: middle("p99") },
      ...{ links: total("succeeded"), failed: total("failed") },
      ...{ blobCalls: total("blobCalls"), tableCalls: total("tableCalls") },
    };
  });
}

/** @param root of the sources */
export async function benchLinks(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  const [picture] = await makePictures(join(root, ".local", "bench-pictures"), [{ width: 1152, height: 864 }]);
  const backend = await startBackend();
  const { env } = backend;
  const signing = startChild<SignRequest, SignResult>(new URL("in-process.ts", import.meta.url), {
    env,
    args: [env.MEDIA__blobServiceUri ?? ""],
  });
  const requesting = startHttpLoad();
  try {
    const token = await backend.token("owner");
    const image = await uploadedImage(backend, { token, file: picture?.file ?? "" });
    const sign = (way: SignRequest["way"]) => (ms: number) => signing.call({ way, ms });
    const request = {
      urls: [`${backend.api}/v1/sas`],
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ imageId: image, variant: "thumbnail" }),
    } as const;
    const post = (clients: number) => (ms: number) => requesting.call({ ...request, clients, ms });
    const ways: Way[] = [
      { name: "Vitae's signer, one key for all", clients: 1, isWarm: true, load: sign("vitae") },
      { name: "a key for each link", clients: 1, isWarm: false, load: sign("key-per-link") },
      { name: "Vitae over HTTP", clients: 1, isWarm: true, load: post(1) },
      { name: "Vitae over HTTP", clients: 20, isWarm: true, load: post(20) },
    ];
    printLine(
      "Every call to blobs and to tables passes a proxy that counts it; all: every HTTP request of the process that",
    );
    printLine(`signs, to anywhere. Medians of ${ROUNDS} alternating rounds after a warm-up; calls over all of them.`);
    printLine("Over HTTP the image's record is read for each link: a link is for the image's owner only.\n");
    const figures = await measure(ways, backend);
    print(figures);
    printLine();
    return { figures: { ways: figures }, isCorrect: judge(figures) };
  } finally {
    await Promise.all([signing.end(), requesting.end()]);
    await backend.close();
  }
}

function print(figures: readonly Figures[]): void {
  printTable(figures, {
    way: ({ name }) => name,
    clients: ({ clients }) => number(clients),
    "links/s": ({ perSecond }) => number(perSecond),
    "p50 ms": ({ p50 }) => number(p50, 3),
    "p99 ms": ({ p99 }) => number(p99, 3),
    links: ({ links }) => number(links),
    failed: ({ failed }) => number(failed),
    "blob calls/link": ({ blobCalls, links }) => number(blobCalls / links, 3),
    "table calls/link": ({ tableCalls, links }) => number(tableCalls / links, 3),
    "all calls/link": ({ requests, links }) => (requests === undefined ? "-" : number(requests / links, 3)),
  });
}

/** @returns whether every link was given, and warm ones without the blob service */
function judge(figures: readonly Figures[]): boolean {
  const warm = figures.filter(({ isWarm }) => isWarm);
  const links = sum(warm.map((each) => each.links));
  const calls = sum(warm.map(({ blobCalls, requests }) => blobCalls + (requests ?? 0)));
  const isQuiet = printTarget(
    `signing ${number(links)} warm links took no network call: ${number(calls)}`,
    calls === 0,
  );
  const failed = sum(figures.map((each) => each.failed));
  return printTarget(`no link was refused: ${number(failed)}`, failed === 0) && isQuiet;
}
