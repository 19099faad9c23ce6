// A whole backend for tests and benches: storage behind fault proxies, identity, vault, seed and functions host.
import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TableClient } from "@azure/data-tables";
import { createRows } from "../functions/accounts/rows.ts";
import { createUsers } from "../functions/accounts/users-table.ts";
import { addUser } from "../functions/lib/access/roster.ts";
import { LOCAL_OWNER_EMAIL, tables, timerNames } from "../functions/lib/names.ts";
import { bodyLimit } from "../functions/lib/settings-schema.ts";
import { createStoreClock } from "../functions/lib/store-clock.ts";
import { buildSite, RESUME } from "../site/build-site.ts";
import { SITE_ACCOUNT } from "./azurite.ts";
import type { BlobEvents } from "./blob-events.ts";
import { type DataDir, openDataDir } from "./data-dir.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.fixture.ts";
import { managedIdentity } from "./host/connection.ts";
import { type Host, startHost } from "./host/host.ts";
import type { BlobWrite } from "./host/trigger.ts";
import { seed } from "./seed.ts";
import { type Services, startServices } from "./services.ts";
import { type SharedStorage, takeStorage } from "./shared-storage.fixture.ts";
import { localToken } from "./token.ts";

const root = join(import.meta.dirname, "..");
const app = process.env.VITAE_ROOT ?? join(root, "dist");

export type Backend = {
  /** The folder of the app: the unpacked package in end-to-end tests, else `dist/`. */
  app: string;
  /** Address of the API of the first host, prefix included. */
  api: string;
  /** Between every host and its tables. */
  proxy: FaultProxy;
  /** Between every host, /media, the website and the blobs of both accounts. */
  blobProxy: FaultProxy;
  services: Services;
  /** Blob writes so far, oldest first, and the rule for the events of later ones. */
  events: Pick<BlobEvents, "decide"> & { readonly writes: readonly BlobWrite[] };
  /** The environment of the app's process. */
  env: Record<string, string>;
  /** The seeded account. */
  owner: { readonly email: string; readonly password: string };
  /** The first host. After kill(), addHost() restarts the app. */
  host: Host;
  /** Lines that the hosts and their apps logged. */
  lines: string[];
  /** Starts another instance of the app on the same stores. `settings` override the backend's; `cors` is Host.CORS. */
  addHost(settings?: Record<string, string>, cors?: readonly string[]): Promise<Host>;
  /** All rows of a table, read from the store directly. */
  rows(table: string): Promise<Record<string, unknown>[]>;
  /** A bearer token as `npm run token` prints it. A subject that does not exist is created, with the role owner. */
  token(role: Parameters<typeof localToken>[0]["role"], subject?: string): Promise<string>;
  close(): Promise<void>;
};

/** Serves the built app. `settings` override the defaults. */
export async function startBackend(settings: Record<string, string> = {}): Promise<Backend> {
  const path = await mkdtemp(join(tmpdir(), "vitae-backend-"));
  const dataDir = openDataDir(path);
  const storage = await takeStorage(dataDir);
  try {
    return await open(settings, dataDir, storage);
  } catch (error) {
    storage.release();
    throw error;
  }
}

async function open(settings: Record<string, string>, dataDir: DataDir, storage: SharedStorage): Promise<Backend> {
  const services = await startServices({ dataDir, azurite: storage.azurite });
  const { certificate } = services;
  const proxy = await startFaultProxy({ target: services.env.TABLES_ENDPOINT as string, certificate });
  const blobProxy = await startFaultProxy({ target: services.events.uri, certificate });
  const env = {
    ...services.env,
    PAGES: "resume,projects",
    // Tests run timers themselves, by the admin API. On schedule, a timer would add calls and log lines to any test.
    ...Object.fromEntries(timerNames.map((name) => [`AzureWebJobs.${name}.Disabled`, "true"])),
    // Tests and benches call more often than the limits allow; the tests of the limits turn them on.
    RATE_LIMITS: "off",
    // Their clients are programs; a test of the rule turns it on.
    COUNT_BOTS: "true",
    // As infra derives it.
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(bodyLimit(Number(settings.MAX_UPLOAD_BYTES ?? 10 * 1024 * 1024))),
    ...settings,
    TABLES_ENDPOINT: proxy.url,
    MEDIA__blobServiceUri: blobProxy.url,
    SITE_BLOB_ENDPOINT: new URL(`/${SITE_ACCOUNT}`, blobProxy.url).href,
  };
  const site = join(dataDir.path, "site");
  // Without the checks of npm start, which take a third of a second.
  buildSite(JSON.parse(readFileSync(RESUME, "utf8")), { out: site });
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const { signal } = new AbortController();
  const owner = { email: LOCAL_OWNER_EMAIL, password: storage.password ?? randomBytes(15).toString("base64url") };
  if (storage.password !== undefined) await storage.restore();
  else {
    await seed({ root, vault: dataDir.vault, env, ownerPassword: owner.password, signal, log });
    await storage.keepSeed(dataDir, owner.password);
  }

  const writes: BlobWrite[] = [];
  const decide: BlobEvents["decide"] = (rule) =>
    services.events.decide((write) => {
      writes.push(write);
      return rule?.(write);
    });
  decide(undefined);

  const hosts: Host[] = [];
  async function addHost(settings: Record<string, string> = {}, cors: readonly string[] = ["*"]): Promise<Host> {
    const host = await startHost({
      root: app,
      env: { ...env, ...settings },
      port: 0,
      cors,
      site,
      docs: true,
      media: { target: blobProxy.url, ca: certificate.cert },
      blobWrites: services.events,
      log,
    });
    hosts.push(host);
    return host;
  }
  const host = await addHost();
  const openTable = (table: string) =>
    new TableClient(services.env.TABLES_ENDPOINT as string, table, managedIdentity(env), {
      tlsOptions: { ca: certificate.cert },
    });
  async function addOwner(id: string): Promise<void> {
    const [client, clock] = [openTable(tables.users), createStoreClock()];
    const rows = createRows({ name: tables.users, reads: client, writes: client, clock });
    const user = { id, email: `${randomUUID()}@example.com`, role: "owner", tier: "free", state: "active" } as const;
    const added = { ...user, validFrom: 0, createdAt: Date.now() };
    await createUsers({ rows, checkTable: async () => {} }).change((roster) => addUser(roster, added));
    // Listing the users shows an instance the new one at once; a token alone is looked up at most once a second.
    const headers = { authorization: `Bearer ${await localToken({ role: "owner", dataDir: dataDir.path, env })}` };
    await Promise.all(hosts.map(({ url }) => fetch(`${url}/api/v1/users`, { headers }).catch(() => {})));
  }
  return {
    app,
    api: `${host.url}/api`,
    proxy,
    blobProxy,
    services,
    events: { decide, writes },
    env,
    owner,
    host,
    lines,
    addHost,
    async rows(table) {
      const rows: Record<string, unknown>[] = [];
      for await (const row of openTable(table).listEntities()) rows.push(row);
      return rows;
    },
    async token(role, subject) {
      if (subject !== undefined) await addOwner(subject);
      return localToken({ role, subject, dataDir: dataDir.path, env });
    },
    async close() {
      await Promise.all(hosts.map((each) => each.close()));
      await Promise.all([proxy.close(), blobProxy.close()]);
      await services.close();
      storage.release();
      dataDir.release();
      await rm(dataDir.path, { recursive: true });
    },
  };
}
