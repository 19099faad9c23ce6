// bench links: links a second from a warm app, and the calls to Azure services for each link.
import { readFile } from "node:fs/promises";
import { type Backend, startBackend } from "../../local/backend.fixture.ts";
import { openLibrary } from "../../verify/library.fixture.ts";
import { type Image, json } from "../../verify/responses.fixture.ts";
import { startChild } from "../child.ts";
import { startHttpLoad } from "../http-load.ts";
import { imageFile } from "../images.ts";
import { alternateRounds, type LoadResult, summarizeRounds } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { sum } from "../statistics.ts";
import type { SignRequest, SignResult } from "./in-process.ts";

const ROUNDS = 3;
const LOAD_MS = 3_000;
const WARM_UP_MS = 1_000;

type Way = {
  readonly name: string;
  readonly clients: number;
  /** Whether the key is reused, so that signing needs no call. */
  readonly isWarm: boolean;
  /** `requests`: HTTP requests of the signing process, where they can be counted. */
  load(ms: number): Promise<LoadResult & { readonly requests?: number }>;
};
type Figures = Omit<Way, "load"> &
  Omit<LoadResult, "perClient"> & { readonly blobCalls: number; readonly tableCalls: number };

async function measure(ways: readonly Way[], { proxy, blobProxy }: Backend): Promise<Figures[]> {
  for (const way of ways) await way.load(WARM_UP_MS);
  const rounds = await alternateRounds(ways, ROUNDS, async (way) => {
    const before = { blob: blobProxy.calls(), table: proxy.calls() };
    const { requests, ...result } = await way.load(LOAD_MS);
    return {
      ...result,
      // Requests of the process itself also include those to the identity endpoint.
      blobCalls: requests ?? blobProxy.calls() - before.blob,
      tableCalls: proxy.calls() - before.table,
    };
  });
  return [...rounds].map(([{ load: _load, ...way }, results]) => ({
    ...way,
    ...summarizeRounds(results),
    blobCalls: sum(results.map(({ blobCalls }) => blobCalls)),
    tableCalls: sum(results.map(({ tableCalls }) => tableCalls)),
  }));
}

/** @param root of the sources */
export async function benchLinks(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  const { file } = await imageFile(root, { width: 1152, height: 864 });
  const backend = await startBackend();
  const { api, env } = backend;
  const signer = startChild<SignRequest, SignResult>(new URL("in-process.ts", import.meta.url), {
    env,
    args: [env.MEDIA__blobServiceUri ?? ""],
  });
  const http = startHttpLoad();
  try {
    const token = await backend.token("owner");
    const library = openLibrary(api, token);
    const { id } = await json<Image>(library.upload(await readFile(file)));
    await library.settled(id);
    const sign = (way: SignRequest["way"]) => (ms: number) => signer.call({ way, ms });
    const request = {
      urls: [`${api}/v1/sas`],
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ imageId: id, variant: "thumbnail" }),
    } as const;
    const post = (clients: number) => (ms: number) => http.call({ ...request, clients, ms });
    const figures = await measure(
      [
        { name: "signing, warm", clients: 1, isWarm: true, load: sign("vitae") },
        { name: "a new key for each link", clients: 1, isWarm: false, load: sign("key-per-link") },
        { name: "POST /v1/sas", clients: 1, isWarm: true, load: post(1) },
        { name: "POST /v1/sas", clients: 20, isWarm: true, load: post(20) },
      ],
      backend,
    );
    printLine(`Medians of ${ROUNDS} alternating rounds after a warm-up. Proxies count the calls.`);
    printLine("POST /v1/sas reads the image record for each link, because only its owner may create one.\n");
    printTable(figures, {
      way: ({ name }) => name,
      clients: ({ clients }) => number(clients),
      "links/s": ({ perSecond }) => number(perSecond),
      "p50 ms": ({ p50 }) => number(p50, 3),
      "p99 ms": ({ p99 }) => number(p99, 3),
      failed: ({ failed }) => number(failed),
      "blob calls/link": ({ blobCalls, succeeded }) => number(blobCalls / succeeded, 3),
      "table calls/link": ({ tableCalls, succeeded }) => number(tableCalls / succeeded, 3),
    });
    printLine();
    return { figures: { ways: figures }, isCorrect: judge(figures) };
  } finally {
    await Promise.all([signer.end(), http.end()]);
    await backend.close();
  }
}

/** @returns whether every request succeeded, and warm links needed no call to the blob service */
function judge(figures: readonly Figures[]): boolean {
  const warm = figures.filter(({ isWarm }) => isWarm);
  const calls = sum(warm.map(({ blobCalls }) => blobCalls));
  const links = sum(warm.map(({ succeeded }) => succeeded));
  const isWarmLocal = printTarget(`${number(links)} warm links needed no blob call: ${number(calls)}`, calls === 0);
  const failed = sum(figures.map(({ failed }) => failed));
  return printTarget(`every request succeeded: ${number(failed)} failed`, failed === 0) && isWarmLocal;
}
