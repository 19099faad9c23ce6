// A whole stage for tests and benches: storage behind a proxy that can misbehave, identity, vault, seed and functions host.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataDir } from "./data-dir.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { type Host, startHost } from "./host/host.ts";
import { seed } from "./seed.ts";
import { startServices } from "./services.ts";

const root = join(import.meta.dirname, "..");

export type Stage = {
  /** Address of the API, prefix included. */
  api: string;
  /** Before the tables of every host. */
  proxy: FaultProxy;
  host: Host;
  /** Lines that the hosts and their apps logged. */
  lines: string[];
  /** Another instance of the app on the same stores. */
  addHost(): Promise<Host>;
  close(): Promise<void>;
};

/** Serves the built bundle; `settings` go over the stage's own. */
export async function startStage(settings: Record<string, string> = {}): Promise<Stage> {
  const path = await mkdtemp(join(tmpdir(), "vitae-stage-"));
  const dataDir = openDataDir(path);
  const services = await startServices({ dataDir });
  const proxy = await startFaultProxy({
    target: services.env.TABLES_ENDPOINT as string,
    certificate: services.certificate,
  });
  const env = { ...services.env, PAGES: "resume,projects", ...settings, TABLES_ENDPOINT: proxy.url };
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const { signal } = new AbortController();
  await seed({ root, vault: dataDir.vault, env, ownerPassword: undefined, signal, log });
  const hosts: Host[] = [];
  async function addHost(): Promise<Host> {
    const host = await startHost({
      root: join(root, "dist"),
      env,
      port: 0,
      cors: ["*"],
      site: join(root, "site"),
      log,
    });
    hosts.push(host);
    return host;
  }
  const host = await addHost();
  return {
    api: `${host.url}/api`,
    proxy,
    host,
    lines,
    addHost,
    async close() {
      await Promise.all(hosts.map((each) => each.close()));
      await proxy.close();
      await services.close();
      dataDir.release();
      await rm(path, { recursive: true });
    },
  };
}
