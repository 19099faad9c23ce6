// A limiter as an instance has one, on a table behind a proxy that counts calls and misbehaves on demand: for its tests.
import { dirname } from "node:path";
import { loadCertificate } from "../../../local/certificate.ts";
import { type FaultProxy, startFaultProxy } from "../../../local/fault-proxy.fixture.ts";
import { createCredential } from "../azure/credential.ts";
import { createTableClient } from "../azure/tables.ts";
import type { Asker, Limits, Ruling } from "../http/limits.ts";
import { createLog, type LogFields } from "../log.ts";
import { tables } from "../names.ts";
import { createLimits, type Quotas } from "./limiter.ts";

const credential = createCredential(undefined);
const { TABLES_ENDPOINT = "", NODE_EXTRA_CA_CERTS = "" } = process.env;
export const limitsTable = ({ endpoint = TABLES_ENDPOINT, table = tables.limits as string } = {}) =>
  createTableClient({ endpoint, table, credential, retries: 0 });

export const quotas: Quotas = { authenticated: 200, anonymous: 30, visits: 60, uploads: 30, secret: 10, keys: 5 };

/** A window that no test sees the end of. */
export const LONG = 1_000_000;

export type Instance = Limits & { readonly lines: LogFields[] };

/** Patient by default: a busy machine is not a store that is down. */
export function openInstance(
  options: Partial<Parameters<typeof createLimits>[0]> & { endpoint?: string } = {},
): Instance {
  const { endpoint = TABLES_ENDPOINT, ...rest } = options;
  const lines: LogFields[] = [];
  const keep = (line: string) => void lines.push(JSON.parse(line));
  const log = createLog({ debug: keep, info: keep, warn: keep, error: keep });
  const table = () => limitsTable({ endpoint });
  return { ...createLimits({ quotas, table, log, seconds: LONG, patienceMs: 30_000, ...rest }), lines };
}

export async function openProxy(): Promise<FaultProxy> {
  const certificate = await loadCertificate(dirname(NODE_EXTRA_CA_CERTS));
  return startFaultProxy({ target: TABLES_ENDPOINT, certificate });
}

export const from = (address: string, more: Omit<Asker, "address"> = {}): Asker => ({
  address: async () => address,
  ...more,
});

/** Asks that often, one after the other or all at once. */
export async function spend(
  limits: Limits,
  limit: Parameters<Limits["spend"]>[0],
  { asker, times, at = "once" }: { asker: Asker; times: number; at?: "once" | "turns" },
): Promise<readonly Ruling[]> {
  if (at === "once") return Promise.all(Array.from({ length: times }, () => limits.spend(limit, asker)));
  const rulings: Ruling[] = [];
  for (let time = 0; time < times; time++) rulings.push(await limits.spend(limit, asker));
  return rulings;
}
export const passed = (rulings: readonly Ruling[]) => rulings.filter(({ refused }) => !refused).length;
