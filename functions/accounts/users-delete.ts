// DELETE /v1/users/{id}: removes a user with their credentials and sessions. Their images stay.
import { z } from "zod";
import { removeUser, requireUser, type User } from "../lib/access/roster.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import type { AccountLog } from "./account-log.ts";
import type { CredentialStore } from "./credentials.ts";
import type { Sessions } from "./sessions.ts";
import { exampleUser, userId } from "./user-response.ts";
import type { Users } from "./users-table.ts";

type Deps = {
  users: Pick<Users, "change">;
  credentials: Pick<CredentialStore, "remove">;
  sessions: Pick<Sessions, "endAll">;
  accountLog: AccountLog;
};

export const deleteUser = guardedOperation({
  tag: "Accounts",
  summary: "Delete a user",
  description:
    "Ends all sessions; every instance rejects the user's tokens within a minute. The user's images stay stored, and their links keep working until they expire. If a request fails with 503, repeat it.",
  params: z.object({ id: userId }),
  responses: { 204: { description: "The user is deleted." } },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    NOT_FOUND: `There is no user ${exampleUser.id}: check the id in GET /api/v1/users.`,
    CONFLICT: "One active user must have the role owner, and this is the last one: give another user that role first.",
  },
  example: { params: { id: exampleUser.id } },
  handler: async ({ params: { id }, caller }, { users, credentials, sessions, accountLog }: Deps) => {
    let before: User | undefined;
    // The roster comes first: it decides whether an owner remains, and without it neither password nor token is valid.
    const roster = await users.change((current) => {
      const user = current.find((each) => each.id === id);
      before ??= user;
      return user ? removeUser(current, id) : current;
    });
    if (before) accountLog.userChanged({ action: "deleted", by: caller, id, before });
    // Also for an unknown id, so that repeating a request removes what an interrupted one left.
    await credentials.remove(id);
    await sessions.endAll(id);
    if (!before) requireUser(roster, id);
    return { status: 204 };
  },
});
