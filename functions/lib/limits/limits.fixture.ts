// A limiter as an instance has it, on a table behind a proxy that counts calls and injects faults.
import { createCredential } from "../azure/credential.ts";
import { createTableClient } from "../azure/tables.ts";
import { createLog, type LogFields } from "../log.ts";
import { tables } from "../names.ts";
import { tablesEndpoint } from "../test-services.fixture.ts";
import { createLimits, type LimitResult, type LimitSubject, type Limits, type Quotas } from "./limiter.ts";

const credential = createCredential(undefined);
export const limitsTable = ({ endpoint = tablesEndpoint, table = tables.limits as string } = {}) =>
  createTableClient({ endpoint, table, credential, retries: 0 });

export const quotas: Quotas = { authenticated: 200, anonymous: 30, visits: 60, uploads: 30, secret: 10, keys: 5 };

/** Seconds of a window that outlasts every test. */
export const LONG = 1_000_000;

export type Instance = Limits & { readonly lines: LogFields[] };

/** The timeout is long by default, since a busy machine is no unavailable store. */
export function openInstance(
  options: Partial<Parameters<typeof createLimits>[0]> & { endpoint?: string } = {},
): Instance {
  const { endpoint = tablesEndpoint, ...rest } = options;
  const lines: LogFields[] = [];
  const keep = (line: string) => void lines.push(JSON.parse(line));
  const log = createLog({ debug: keep, info: keep, warn: keep, error: keep });
  const table = () => limitsTable({ endpoint });
  return { ...createLimits({ quotas, table, log, seconds: LONG, timeoutMs: 30_000, ...rest }), lines };
}

export const subjectOf = (address: string, more: Omit<LimitSubject, "address"> = {}): LimitSubject => ({
  address: async () => address,
  ...more,
});

type Repetition = {
  readonly subject: LimitSubject;
  readonly times: number;
  readonly order?: "parallel" | "sequential";
};

/** Consumes a limit several times, in parallel by default. */
export async function consumeTimes(
  limits: Limits,
  limit: Parameters<Limits["consume"]>[0],
  { subject, times, order = "parallel" }: Repetition,
): Promise<readonly LimitResult[]> {
  if (order === "parallel") return Promise.all(Array.from({ length: times }, () => limits.consume(limit, subject)));
  const results: LimitResult[] = [];
  for (let time = 0; time < times; time++) results.push(await limits.consume(limit, subject));
  return results;
}
export const countAccepted = (results: readonly LimitResult[]) => results.filter(({ rejection }) => !rejection).length;
