// bench links: links a second from a warm app, and how many calls each of them costs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Backend, startBackend } from "../../local/backend.fixture.ts";
import { startPart } from "../part.ts";
import { number, printTable, printTarget, say } from "../print.ts";
import { median, sum } from "../statistics.ts";
import { makePictures } from "../thumbnail/pictures.ts";
import type { AskQuestion } from "./http-load.ts";
import type { SignQuestion } from "./in-process.ts";
import type { Load } from "./load.ts";

const ROUNDS = 3;
const LOAD_MS = 3_000;
const WARM_UP_MS = 1_000;
const READY_WITHIN_MS = 20_000;

type Way = {
  readonly name: string;
  readonly clients: number;
  readonly isWarm: boolean;
  load(ms: number): Promise<Load>;
};
type Round = Load & { readonly blobCalls: number; readonly tableCalls: number };
type Figures = { readonly name: string; readonly clients: number; readonly isWarm: boolean } & Round;

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
  const rounds = new Map<Way, Round[]>(ways.map((way) => [way, []]));
  for (const way of ways) await way.load(WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++)
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const before = { blob: blobProxy.calls(), table: proxy.calls() };
      const load = await way.load(LOAD_MS);
      const blobCalls = blobProxy.calls() - before.blob;
      rounds.get(way)?.push({ ...load, blobCalls, tableCalls: proxy.calls() - before.table });
    }
  return [...rounds].map(([{ name, clients, isWarm }, loads]) => {
    const middle = (field: "perSecond" | "p50" | "p99") => median(loads.map((load) => load[field]));
    const total = (field: "links" | "failed" | "blobCalls" | "tableCalls") => sum(loads.map((load) => load[field]));
    const requests = loads.some((load) => load.requests === null) ? null : sum(loads.map((load) => load.requests ?? 0));
    return {
      ...{ name, clients, isWarm, requests },
      ...{ perSecond: middle("perSecond"), p50: middle("p50"), p99: middle("p99") },
      ...{ links: total("links"), failed: total("failed") },
      ...{ blobCalls: total("blobCalls"), tableCalls: total("tableCalls") },
    };
  });
}

/** @param root of the sources */
export async function benchLinks(root: string): Promise<{ figures: object; sound: boolean }> {
  const [picture] = await makePictures(join(root, ".local", "bench-pictures"), [{ width: 1152, height: 864 }]);
  const backend = await startBackend();
  const { env } = backend;
  const signing = startPart<SignQuestion, Load>(new URL("in-process.ts", import.meta.url), {
    env,
    args: [env.MEDIA__blobServiceUri ?? ""],
  });
  const asking = startPart<AskQuestion, Load>(new URL("http-load.ts", import.meta.url), { env: {} });
  try {
    const token = await backend.token("owner");
    const image = await uploadedImage(backend, { token, file: picture?.file ?? "" });
    const sign = (way: SignQuestion["way"]) => (ms: number) => signing.ask({ way, ms });
    const ask = (clients: number) => (ms: number) =>
      asking.ask({ url: `${backend.api}/v1/sas`, token, image, clients, ms });
    const ways: Way[] = [
      { name: "Vitae's signer, one key for all", clients: 1, isWarm: true, load: sign("vitae") },
      { name: "a key for each link", clients: 1, isWarm: false, load: sign("key-per-link") },
      { name: "Vitae over HTTP", clients: 1, isWarm: true, load: ask(1) },
      { name: "Vitae over HTTP", clients: 20, isWarm: true, load: ask(20) },
    ];
    say("Every call to blobs and to tables passes a proxy that counts it; all: every HTTP request of the process that");
    say(`signs, to anywhere. Medians of ${ROUNDS} alternating rounds after a warm-up; calls over all of them.`);
    say("Over HTTP the image's record is read for each link: a link is for the image's owner only.\n");
    const figures = await measure(ways, backend);
    print(figures);
    say();
    return { figures: { ways: figures }, sound: judge(figures) };
  } finally {
    await Promise.all([signing.end(), asking.end()]);
    await backend.close();
  }
}

function print(figures: readonly Figures[]): void {
  printTable(
    [
      "way",
      "clients",
      "links/s",
      "p50 ms",
      "p99 ms",
      "links",
      "failed",
      "blob calls/link",
      "table calls/link",
      "all calls/link",
    ],
    figures.map(({ name, clients, perSecond, p50, p99, links, failed, blobCalls, tableCalls, requests }) => [
      name,
      number(clients),
      number(perSecond),
      number(p50, 3),
      number(p99, 3),
      number(links),
      number(failed),
      number(blobCalls / links, 3),
      number(tableCalls / links, 3),
      requests === null ? "-" : number(requests / links, 3),
    ]),
  );
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
