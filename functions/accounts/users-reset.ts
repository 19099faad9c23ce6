// POST /v1/users/{id}/reset: removes the password of a user, who sets a new one with the one-time token of the response.
import { z } from "zod";
import { requireUser, revokeTokens } from "../lib/access/roster.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { nextSecond, type StoreClock } from "../lib/store-clock.ts";
import type { AccountLog } from "./account-log.ts";
import { type CredentialStore, changeCredentials } from "./credentials.ts";
import { createOneTimeToken } from "./one-time-token.ts";
import type { Sessions } from "./sessions.ts";
import { exampleInvitation, exampleUser, invitationResponse, toUserResponse, userId } from "./user-response.ts";
import type { Users } from "./users-table.ts";

type Deps = {
  users: Users;
  credentials: CredentialStore;
  sessions: Pick<Sessions, "endAll">;
  accountsClock: StoreClock;
  accountLog: AccountLog;
};

export const resetUser = guardedOperation({
  tag: "Accounts",
  summary: "Reset a user's password",
  description:
    "The password is removed, all sessions end, and every instance rejects the user's tokens within a minute. The one-time token is shown once and is valid for an hour. If a request fails with 503, repeat it.",
  params: z.object({ id: userId }),
  responses: { 200: { description: "The user and the one-time token.", schema: invitationResponse } },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: { NOT_FOUND: `There is no user ${exampleUser.id}: check the id in GET /api/v1/users.` },
  example: { params: { id: exampleUser.id }, response: exampleInvitation },
  handler: async ({ params: { id }, caller }, { users, credentials, sessions, accountsClock, accountLog }: Deps) => {
    const user = requireUser(await users.read(), id);
    const { token, oneTime } = createOneTimeToken(id, accountsClock.now());
    // The password goes first, so that no session can start after the sessions have ended; the tokens go last, since an
    // instance that does not know the change yet could exchange a session for a later one.
    await changeCredentials(credentials, id, async (current) => {
      const { hash: _, ...kept } = current ?? {};
      return { ...kept, oneTime };
    });
    accountLog.userChanged({ action: "reset", by: caller, id, before: user, after: user, isPasswordChanged: true });
    await sessions.endAll(id);
    const roster = await users.change((current) => revokeTokens(current, id, nextSecond(accountsClock.now())));
    const expiresAt = new Date(oneTime.expiresAt).toISOString();
    return { json: { user: toUserResponse(requireUser(roster, id)), token, expiresAt } };
  },
});
