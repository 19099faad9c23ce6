// For tests against Azurite: a counter behind a fault proxy, and another instance with direct access to the table.
import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Fault, FaultProxy, ProxiedRequest } from "../../local/fault-proxy.fixture.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createTableClient } from "../lib/azure/tables.ts";
import { tables } from "../lib/names.ts";
import { startTableProxy, tablesEndpoint } from "../lib/test-services.fixture.ts";
import type { Visit } from "./visit.ts";
import { type CounterOptions, createVisitorCounter, type VisitorCounter } from "./visitor-counter.ts";

const credential = createCredential(undefined);
export const tableAt = (address: string, table: string = tables.visits, retries = 0) =>
  createTableClient({ endpoint: address, table, credential, retries });
export const direct = tableAt(tablesEndpoint);

type Setup = {
  /** New for every test. */
  page: string;
  proxy: FaultProxy;
  /** Calls the table through the proxy. */
  counter: VisitorCounter;
  /** Another instance, which calls the table directly. */
  other: VisitorCounter;
};

/** New before every test of a file that calls `useCounter`. */
export const setup = {} as Setup;

/** Longer than any call on a busy machine. */
export const PATIENCE = { callMs: 20_000, windowMs: 20_000, holdMs: 60_000 };
/** Ends calls that the proxy swallows or holds. On a busy machine it ends others too, so a batch gets many attempts. */
export const SHORT_CALLS = { ...PATIENCE, callMs: 300 };
/** For batches that are given up because every call fails. */
export const SHORT_WINDOW = { ...PATIENCE, windowMs: 400 };

/** An instance that counts the page of this test. */
export function openCounter(
  table: typeof direct,
  { dailyWriteBudget = Number.POSITIVE_INFINITY, patience = PATIENCE, ...more }: Partial<CounterOptions> = {},
): VisitorCounter {
  const fixed = { pages: [setup.page], timeZone: "UTC", uniques: true };
  return createVisitorCounter({ table, ...fixed, dailyWriteBudget, patience, ...more });
}

/** An instance behind the proxy. */
export const openBehindProxy = (options: Partial<CounterOptions>) => openCounter(tableAt(setup.proxy.url), options);

export function useCounter(): void {
  beforeAll(async () => {
    setup.proxy = await startTableProxy();
  });
  beforeEach(() => {
    setup.page = `p${randomUUID()}`;
    setup.proxy.decide(undefined);
    setup.proxy.lag(0);
    setup.counter = openBehindProxy({});
    setup.other = openCounter(direct);
  });
  afterAll(() => setup.proxy.close());
}

export const isWrite = ({ method }: ProxiedRequest) => method !== "GET";

/** Injects the fault into the first `times` writes of the table. */
export function failWrites(fault: Fault, times = 1): void {
  let left = times;
  setup.proxy.decide((request) => (isWrite(request) && left-- > 0 ? fault : undefined));
}

export const countMany = (count: number, counter = setup.counter): Promise<Visit[]> =>
  Promise.all(Array.from({ length: count }, () => counter.count(setup.page)));
/** The hash of one visitor. */
export const visitorAt = (index: number) => createHash("sha256").update(String(index)).digest();
/** One visit of each visitor, all at once. */
export const countVisitors = (visitors: readonly number[], counter = setup.counter): Promise<Visit[]> =>
  Promise.all(visitors.map((index) => counter.count(setup.page, visitorAt(index))));
export const numbers = (visits: readonly Visit[]) => visits.map(({ count }) => count).sort((a, b) => a - b);
export const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
