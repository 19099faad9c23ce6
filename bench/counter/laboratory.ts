// What the counter's bench runs on: one Azurite behind a proxy that counts calls, and the child processes.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tables } from "../../functions/lib/names.ts";
import { startFaultProxy } from "../../local/fault-proxy.fixture.ts";
import { startServices } from "../../local/services.ts";
import { startChild } from "../child.ts";
import { startHostChild } from "../host.ts";
import { type HttpLoadRequest, startHttpLoad } from "../http-load.ts";
import type { LoadResult } from "../load.ts";
import type { CountLoadRequest, PageTotal, ReadRequest, RowRequest, RowSize } from "./in-process.ts";

/** Calls to the visits table so far, failed ones included. */
export type Calls = { readonly reads: number; readonly writes: number };

export type Laboratory = {
  calls(): Calls;
  inProcess(request: Omit<CountLoadRequest, "kind">): Promise<LoadResult>;
  http(request: HttpLoadRequest): Promise<LoadResult>;
  read(page: string): Promise<PageTotal>;
  /** The row of a new page after a visit of each of that many visitors. */
  rowSize(visitors: number): Promise<RowSize>;
  /** Starts one more instance of the app on the same table and returns its address. */
  startHost(): Promise<string>;
  close(): Promise<void>;
};

/** @param options.root folder of the bundle */
export async function openLaboratory({ root, pages }: { root: string; pages: readonly string[] }): Promise<Laboratory> {
  const dataDir = await mkdtemp(join(tmpdir(), "vitae-bench-"));
  const services = await startServices({ dataDir, inMemory: true });
  const { env, certificate } = services;
  const direct = env.TABLES_ENDPOINT ?? "";
  const proxy = await startFaultProxy({ target: direct, certificate });
  let reads = 0;
  let writes = 0;
  // The proxy's own count includes the other tables, which the app's timers call.
  proxy.decide(({ method, url }) => {
    if (!url.includes(`/${tables.visits}`)) return undefined;
    if (method === "GET") reads++;
    else writes++;
    return undefined;
  });
  // A process reads from its environment at start which certificate it trusts, so each of these is a child process.
  const counting = startChild<CountLoadRequest | ReadRequest | RowRequest, LoadResult | PageTotal | RowSize>(
    new URL("in-process.ts", import.meta.url),
    { env, args: [proxy.url, direct, pages.join()] },
  );
  const requesting = startHttpLoad();
  const hosts: ReturnType<typeof startHostChild>[] = [];

  return {
    calls: () => ({ reads, writes }),
    inProcess: async (request) => (await counting.call({ kind: "load", ...request })) as LoadResult,
    http: (request) => requesting.call(request),
    read: async (page) => (await counting.call({ kind: "read", page })) as PageTotal,
    rowSize: async (visitors) =>
      (await counting.call({ kind: "row", page: `visitors-${visitors}`, visitors })) as RowSize,
    startHost() {
      const host = startHostChild(env);
      hosts.push(host);
      const unlimited = { RATE_LIMITS: "off", COUNT_BOTS: "true", DAILY_WRITE_BUDGET: "1000000000" };
      return host.call({ root, env: { ...env, ...unlimited, TABLES_ENDPOINT: proxy.url, PAGES: pages.join() } });
    },
    async close() {
      await Promise.all([counting, requesting, ...hosts].map((child) => child.end()));
      await proxy.close();
      await services.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
