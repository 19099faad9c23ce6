// Two instances over one table: how long the one that did not make a change still accepts the user's token.
import { expect, it } from "vitest";
import { createAuthenticate } from "../lib/access/authenticate.ts";
import { changeUser, type Roster, removeUser } from "../lib/access/roster.ts";
import { createRosterView } from "../lib/access/roster-view.ts";
import { createTable, newUser, openAccounts } from "./accounts.fixture.ts";

it.each<[string, (roster: Roster, id: string) => Roster]>([
  ["disabled", (roster, id) => changeUser(roster, id, { changes: { state: "disabled" }, now: 0 })],
  ["deleted", removeUser],
])("a user who is %s on one instance loses access on the other within 30 seconds", async (_, change) => {
  const table = await createTable();
  const user = newUser();
  const one = openAccounts(table).users;
  await one.change(() => [newUser({ role: "owner" }), user]);
  let time = 0;
  const now = () => time;
  const authenticate = createAuthenticate({
    verify: async () => ({ subject: user.id, role: "viewer", issuedAt: 1, issuer: "vitae" }),
    users: createRosterView({ read: openAccounts(table).users.read, monotonic: now, wall: now }),
  });
  const request = () => authenticate("Bearer e30.e30.c2ln");
  expect(await request()).toMatchObject({ subject: user.id });
  await one.change((roster) => change(roster, user.id));
  time = 29_999;
  expect(await request()).toMatchObject({ subject: user.id });
  time = 30_000;
  await expect(request()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});
