// What the counter's bench runs on: one Azurite behind a counting proxy, and the parts that make and take the load.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tables } from "../../functions/lib/names.ts";
import { startFaultProxy } from "../../local/fault-proxy.ts";
import { startServices } from "../../local/services.ts";
import { type Part, startPart } from "../part.ts";
import type { HostQuestion } from "./host.ts";
import type { HttpQuestion } from "./http-load.ts";
import type { Counted, LoadQuestion, ReadQuestion } from "./in-process.ts";
import type { Load } from "./load.ts";

/** Calls to the visits table so far, whatever became of them. */
export type Calls = { readonly reads: number; readonly writes: number };

export type Laboratory = {
  calls(): Calls;
  inProcess(question: Omit<LoadQuestion, "kind">): Promise<Load>;
  http(question: HttpQuestion): Promise<Load>;
  read(page: string): Promise<Counted>;
  /** One more instance of the app on the same table. @returns its address */
  startHost(): Promise<string>;
  close(): Promise<void>;
};

/** @param options.root folder of the built bundle */
export async function openLaboratory({ root, pages }: { root: string; pages: readonly string[] }): Promise<Laboratory> {
  const dataDir = await mkdtemp(join(tmpdir(), "vitae-bench-"));
  const services = await startServices({ dataDir, inMemory: true });
  const { env, certificate } = services;
  const direct = env.TABLES_ENDPOINT ?? "";
  const proxy = await startFaultProxy({ target: direct, certificate });
  let reads = 0;
  let writes = 0;
  // Not the proxy's own count: the app's timers call other tables.
  proxy.decide(({ method, url }) => {
    if (!url.includes(`/${tables.visits}`)) return undefined;
    if (method === "GET") reads++;
    else writes++;
    return undefined;
  });
  // The certificate is trusted through the environment, which a process reads when it starts: so all of these are parts.
  const counting = startPart<LoadQuestion | ReadQuestion, Load | Counted>(new URL("in-process.ts", import.meta.url), {
    env,
    args: [proxy.url, direct, pages.join()],
  });
  const requesting = startPart<HttpQuestion, Load>(new URL("http-load.ts", import.meta.url), { env });
  const hosts: Part<HostQuestion, string>[] = [];

  return {
    calls: () => ({ reads, writes }),
    inProcess: async (question) => (await counting.ask({ kind: "load", ...question })) as Load,
    http: (question) => requesting.ask(question),
    read: async (page) => (await counting.ask({ kind: "read", page })) as Counted,
    startHost() {
      const host = startPart<HostQuestion, string>(new URL("host.ts", import.meta.url), { env });
      hosts.push(host);
      const unbraked = { RATE_LIMITS: "off", DAILY_WRITE_BUDGET: "1000000000" };
      return host.ask({ root, env: { ...env, ...unbraked, TABLES_ENDPOINT: proxy.url, PAGES: pages.join() } });
    },
    async close() {
      await Promise.all([counting, requesting, ...hosts].map((part) => part.end()));
      await proxy.close();
      await services.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
