// Which credentials the timer deletes, against Azurite.
import { randomUUID } from "node:crypto";
import { expect, it, vi } from "vitest";
import { createCredential } from "../lib/azure/credential.ts";
import { createTableClient } from "../lib/azure/tables.ts";
import { consoleLog } from "../lib/log.ts";
import { tablesEndpoint } from "../lib/test-services.fixture.ts";
import { createTable, newUser, openAccounts } from "./accounts.fixture.ts";
import { cleanUpCredentials } from "./credentials-clean-up.ts";

const HOUR_MS = 60 * 60_000;

async function setUp() {
  const table = await createTable();
  const { users, credentials } = openAccounts(table);
  const usersTable = createTableClient({
    endpoint: tablesEndpoint,
    table,
    credential: createCredential(undefined),
    retries: 0,
  });
  const log = { ...consoleLog, info: vi.fn() };
  const run = (ageMs: number) => {
    const now = Date.now() + ageMs;
    const accountsClock = { now: () => ({ earliest: now, latest: now }) };
    return cleanUpCredentials({ usersTable, users, accountsClock }, { log, runMs: 60_000 });
  };
  const [user, stray] = [newUser(), randomUUID()];
  for (const id of [user.id, stray]) await credentials.write(id, { hash: "x" }, undefined);
  const left = async () => {
    const found = await Promise.all([user.id, stray].map((id) => credentials.find(id)));
    return { user: found[0] !== undefined, stray: found[1] !== undefined };
  };
  return { users, credentials, run, user, stray, left, log };
}

it("deletes credentials whose user is not in the roster, once they are older than an hour", async () => {
  const { users, run, user, left, log } = await setUp();
  await users.change(() => [user]);
  await run(HOUR_MS - 60_000);
  expect(await left()).toEqual({ user: true, stray: true });
  await run(HOUR_MS + 60_000);
  expect(await left()).toEqual({ user: true, stray: false });
  expect(log.info.mock.calls.at(-1)).toEqual(["credentials-cleaned-up", { removed: 1 }]);
});

it("keeps all credentials when there is no roster, and those that are written after the list was read", async () => {
  const { users, credentials, run, user, stray, left } = await setUp();
  await run(2 * HOUR_MS);
  expect(await left()).toEqual({ user: true, stray: true });
  const { read } = users;
  users.read = async () => {
    await credentials.write(stray, { hash: "y" }, (await credentials.find(stray))?.etag);
    return read();
  };
  await users.change(() => [user]);
  await run(2 * HOUR_MS);
  expect(await left()).toEqual({ user: true, stray: true });
});
