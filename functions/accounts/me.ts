// GET and PATCH /v1/users/me: the caller's own account.
import { z } from "zod";
import { type Caller, roles } from "../lib/access/permissions.ts";
import { changeUser, type Roster, requireUser, type User } from "../lib/access/roster.ts";
import type { RosterView } from "../lib/access/roster-view.ts";
import { unauthenticated } from "../lib/access/unauthenticated.ts";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { throwValidationError } from "../lib/http/validation-issues.ts";
import { tiers } from "../lib/retention.ts";
import { nextSecond, type StoreClock } from "../lib/store-clock.ts";
import type { AccountLog } from "./account-log.ts";
import { type CredentialStore, changeCredentials } from "./credentials.ts";
import { passwordSchema } from "./password-rules.ts";
import type { Passwords } from "./passwords.ts";
import type { Sessions } from "./sessions.ts";
import { email, exampleUser } from "./user-response.ts";
import type { Users } from "./users-table.ts";

const meResponse = z
  .object({
    id: z.string(),
    role: z.enum(roles).meta({ description: "The role of this token, at most the user's." }),
    email: z.string().optional(),
    tier: z.enum(tiers).optional(),
  })
  .meta({ id: "Me", description: "The caller. Callers of Entra ID have an id and a role only." });

const { id, role, tier } = exampleUser;
const exampleMe = { id, role, email: exampleUser.email, tier };

const toMe = ({ subject, role }: Caller, user: User | undefined) => ({
  id: subject,
  role,
  ...(user && { email: user.email, tier: user.tier }),
});

export const readMe = guardedOperation({
  tag: "Accounts",
  summary: "Get the caller's account",
  responses: { 200: { description: "The caller.", schema: meResponse } },
  errors: [],
  example: { response: exampleMe },
  handler: async ({ caller }, { rosterView }: { rosterView: Pick<RosterView, "find"> }) => ({
    json: toMe(caller, isEntra(caller) ? undefined : await rosterView.find(caller.subject)),
  }),
});

const isEntra = ({ subject }: Caller) => subject.startsWith("entra.");

type Deps = {
  users: Pick<Users, "read" | "change">;
  credentials: CredentialStore;
  passwords: Passwords;
  sessions: Pick<Sessions, "endAll">;
  accountsClock: StoreClock;
  accountLog: AccountLog;
};

const rejectPassword = () =>
  throwValidationError([
    { path: "body.currentPassword", message: "is not your password: send the one you sign in with." },
  ]);

const requireMe = (roster: Roster, { subject }: Caller): User => {
  if (!roster.some((user) => user.id === subject))
    throw unauthenticated("The user of the token does not exist.", "invalid_token");
  return requireUser(roster, subject);
};

export const updateMe = guardedOperation({
  tag: "Accounts",
  summary: "Change the caller's password or e-mail address",
  description:
    "Ends all other sessions: they cannot be refreshed, and their access tokens run out within 15 minutes. If a request fails with 503, repeat it.",
  body: z
    .strictObject({
      currentPassword: z.string().min(1).max(512),
      newPassword: passwordSchema.optional(),
      email: email.optional(),
    })
    .refine(({ newPassword, email }) => newPassword !== undefined || email !== undefined, {
      error: "must have newPassword or email",
    }),
  responses: { 200: { description: "The caller after the change.", schema: meResponse } },
  errors: ["FORBIDDEN", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    CONFLICT: "Another user has the e-mail address ada@example.com: choose another, or change that user.",
    FORBIDDEN: "An account of Entra ID has no password here: change it there.",
  },
  account: ({ caller }) => `me:${caller.subject}`,
  example: {
    body: { currentPassword: "four words are enough", newPassword: "five other words are better" },
    response: exampleMe,
  },
  handler: async ({ caller, body }, deps: Deps) => {
    const { users, credentials, passwords, sessions, accountsClock, accountLog } = deps;
    const { currentPassword, newPassword, email } = body;
    if (isEntra(caller))
      throw new AppError("FORBIDDEN", "An account of Entra ID has no password here: change it there.");
    /** Also accepts the new password: then an earlier attempt of this request stored it, and did not end the sessions. */
    const requirePassword = async (stored: string | undefined) => {
      for (const password of [currentPassword, ...(newPassword === undefined ? [] : [newPassword])])
        if ((await passwords.verify(password, stored)).isValid) return;
      rejectPassword();
    };
    const user = requireMe(await users.read(), caller);
    const found = await credentials.find(user.id);
    await requirePassword(found?.credentials.hash);
    const hash = newPassword === undefined ? undefined : await passwords.hash(newPassword, "newPassword");
    // The e-mail address comes first: only it can conflict, and then nothing has changed.
    const changes = email === undefined ? {} : { email };
    const roster = await users.change((current) => {
      requireMe(current, caller);
      return changeUser(current, user.id, { changes, now: nextSecond(accountsClock.now()) });
    });
    if (hash !== undefined)
      await changeCredentials(credentials, user.id, async (current) => {
        const isUnchanged = current?.hash === found?.credentials.hash || current?.hash === hash;
        if (!isUnchanged) await requirePassword(current?.hash);
        return { ...current, hash };
      });
    const after = requireUser(roster, user.id);
    const isPasswordChanged = hash !== undefined;
    accountLog.userChanged({ action: "updated", by: caller, id: user.id, before: user, after, isPasswordChanged });
    await sessions.endAll(user.id, caller.session);
    return { json: toMe(caller, after) };
  },
});
