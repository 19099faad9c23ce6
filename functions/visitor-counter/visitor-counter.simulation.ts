// A counter behind a proxy that misbehaves on demand, and another instance straight on the store: for the counter's tests.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { loadCertificate } from "../../local/certificate.ts";
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from "../../local/fault-proxy.fixture.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createTableClient } from "../lib/azure/tables.ts";
import { tables } from "../lib/names.ts";
import type { Visit } from "./group-commit.ts";
import { type CounterOptions, createVisitorCounter, type VisitorCounter } from "./visitor-counter.ts";

const credential = createCredential(undefined);
const endpoint = process.env.TABLES_ENDPOINT as string;
const tableAt = (address: string) =>
  createTableClient({ endpoint: address, table: tables.visits, credential, retries: 0 });
export const direct = tableAt(endpoint);

export type Scene = {
  /** New for every test. */
  page: string;
  proxy: FaultProxy;
  /** Through the proxy, impatient so that what is lost is noticed soon. */
  counter: VisitorCounter;
  /** Another instance, straight to the store. */
  other: VisitorCounter;
};

/** Set anew before every test of the file. */
export const scene = {} as Scene;

export const PATIENCE = { callMs: 300, windowMs: 2_000, holdMs: 60_000 };

/** An instance that counts this test's page. */
export function open(
  table: typeof direct,
  { dailyWriteBudget = Number.POSITIVE_INFINITY, patience = PATIENCE, ...more }: Partial<CounterOptions> = {},
): VisitorCounter {
  return createVisitorCounter({ table, pages: [scene.page], timeZone: "UTC", dailyWriteBudget, patience, ...more });
}

/** An instance behind the proxy. */
export const openBehindProxy = (options: Partial<CounterOptions>) => open(tableAt(scene.proxy.url), options);

export function setTheScene(): void {
  beforeAll(async () => {
    const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
    scene.proxy = await startFaultProxy({ target: endpoint, certificate });
  });
  beforeEach(() => {
    scene.page = `p${randomUUID()}`;
    scene.proxy.decide(undefined);
    scene.counter = openBehindProxy({});
    scene.other = open(direct);
  });
  afterAll(() => scene.proxy.close());
}

export const isWrite = ({ method }: ProxiedRequest) => method !== "GET";

/** Misbehaves on the first `times` writes of the table. */
export function failWrites(fault: Fault, times = 1): void {
  let left = times;
  scene.proxy.decide((request) => (isWrite(request) && left-- > 0 ? fault : undefined));
}

export const many = (count: number, from = scene.counter): Promise<Visit[]> =>
  Promise.all(Array.from({ length: count }, () => from.count(scene.page)));
export const numbers = (visits: readonly Visit[]) => visits.map(({ count }) => count).sort((a, b) => a - b);
export const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
