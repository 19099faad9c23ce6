// Tables of their own on the tests' Azurite, behind a fault proxy, for the tests of accounts.
import { createHash, randomUUID } from "node:crypto";
import type { User } from "../lib/access/roster.ts";
import { createRosterView } from "../lib/access/roster-view.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { checkTable, createTableClient } from "../lib/azure/tables.ts";
import { createHeavyWork } from "../lib/heavy-work.ts";
import { consoleLog, createLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { createStoreClock, type StoreClock } from "../lib/store-clock.ts";
import { tablesEndpoint } from "../lib/test-services.fixture.ts";
import { createAccountLog } from "./account-log.ts";
import { createCredentialStore } from "./credentials.ts";
import { createPasswords, type Passwords } from "./passwords.ts";
import { createRows } from "./rows.ts";
import { createSessionRows } from "./session-rows.ts";
import { createSessions } from "./sessions.ts";
import { createUsers } from "./users-table.ts";

const credential = createCredential(undefined);

/** Creates a table and returns its name. */
export async function createTable(): Promise<string> {
  const table = `t${randomUUID().replaceAll("-", "")}`;
  await createTableClient({ endpoint: tablesEndpoint, table, credential, retries: 2 }).createTable();
  return table;
}

/** The stores of one instance on this table. */
export function openAccounts(table: string, { url = tablesEndpoint, clock = createStoreClock() as StoreClock } = {}) {
  const client = (retries: number) => createTableClient({ endpoint: url, table, credential, retries });
  const rows = createRows({ name: table, reads: client(2), writes: client(0), clock, callMs: 1_000 });
  const users = createUsers({ rows, checkTable: () => checkTable(client(0), AbortSignal.timeout(30_000)) });
  return { rows, users, credentials: createCredentialStore(rows), clock };
}

/** The real rules and format over a cheap hash. */
export function createCheapPasswords(): Passwords {
  type Input = { readonly message: Buffer; readonly nonce: Buffer };
  const argon2 = (_: string, { message, nonce }: Input, done: (error: null, tag: Buffer) => void) =>
    done(null, createHash("sha256").update(nonce).update(message).digest());
  return createPasswords({ gate: createHeavyWork().hashes, runtime: { argon2: argon2 as never } });
}

/** The stores, passwords and sessions of one instance, as the routes of accounts need them, on tables of their own. */
export async function openAccountDeps({ url = tablesEndpoint, clock = createStoreClock() as StoreClock } = {}) {
  const accounts = openAccounts(await createTable(), { url, clock });
  const sessionsTable = createTableClient({
    endpoint: tablesEndpoint,
    table: await createTable(),
    credential,
    retries: 0,
  });
  const rows = createSessionRows(sessionsTable, clock);
  const lines: Record<string, unknown>[] = [];
  const keep = (line: string) => void lines.push(JSON.parse(line));
  const log = createLog({ debug: keep, info: keep, warn: keep, error: keep });
  return {
    /** What the account log has written. */
    lines,
    accountLog: createAccountLog({ log, meter: silentMeter }),
    users: accounts.users,
    credentials: accounts.credentials,
    accountsClock: clock,
    passwords: createCheapPasswords(),
    sessions: createSessions({ rows, clock, log: consoleLog, meter: silentMeter }),
    rosterView: createRosterView({ read: accounts.users.read }),
  };
}

export const newUser = (changes: Partial<User> = {}): User => {
  const id = changes.id ?? randomUUID();
  return {
    id,
    email: `${id}@example.com`,
    role: "viewer",
    tier: "free",
    state: "active",
    validFrom: 0,
    createdAt: 1_763_700_000_000,
    ...changes,
  };
};
