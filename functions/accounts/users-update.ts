// PATCH /v1/users/{id}: changes the role, the tier or the state of a user.
import { z } from "zod";
import { changeUser, requireUser, type User } from "../lib/access/roster.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { nextSecond, type StoreClock } from "../lib/store-clock.ts";
import type { AccountLog } from "./account-log.ts";
import type { Sessions } from "./sessions.ts";
import { exampleUser, role, state, tier, toUserResponse, userId, userResponse } from "./user-response.ts";
import type { Users } from "./users-table.ts";

type Deps = {
  users: Users;
  sessions: Pick<Sessions, "endAll">;
  accountsClock: StoreClock;
  accountLog: AccountLog;
};

const withoutUndefined = <T extends object>(changes: T) =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

export const updateUser = guardedOperation({
  tag: "Accounts",
  summary: "Change a user",
  description:
    "A change holds on every instance within a minute. Disabling or enabling a user also ends all their sessions and rejects all their tokens. One active owner always remains. If a request fails with 503, repeat it.",
  params: z.object({ id: userId }),
  body: z
    .strictObject({ role: role.optional(), tier: tier.optional(), state: state.optional() })
    .refine((changes) => Object.keys(changes).length > 0, { error: "must have role, tier or state" }),
  responses: { 200: { description: "The user after the change.", schema: userResponse } },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    NOT_FOUND: `There is no user ${exampleUser.id}: check the id in GET /api/v1/users.`,
    CONFLICT: "One active user must have the role owner, and this is the last one: give another user that role first.",
  },
  example: { params: { id: exampleUser.id }, body: { tier: "pro" }, response: { ...exampleUser, tier: "pro" } },
  handler: async ({ params: { id }, body, caller }, { users, sessions, accountsClock, accountLog }: Deps) => {
    const changes = withoutUndefined(body);
    // Before the user is active again: an instance whose roster is from before the user was disabled could exchange a
    // session for a token later than `validFrom`.
    if (body.state === "active" && requireUser(await users.read(), id).state === "disabled") await sessions.endAll(id);
    let before: User | undefined;
    const roster = await users.change((current) => {
      // Of the first call: after a lost response this change is in the roster already.
      before ??= requireUser(current, id);
      return changeUser(current, id, { changes, now: nextSecond(accountsClock.now()) });
    });
    const after = requireUser(roster, id);
    accountLog.userChanged({ action: "updated", by: caller, id, before, after });
    if (body.state === "disabled") await sessions.endAll(id);
    return { json: toUserResponse(after) };
  },
});
