// POST /v1/auth/password: sets a password with a one-time token, which the same write spends.
import { z } from "zod";
import { operation } from "../lib/http/operation.ts";
import { throwValidationError } from "../lib/http/validation-issues.ts";
import type { StoreClock } from "../lib/store-clock.ts";
import type { AccountLog } from "./account-log.ts";
import { type CredentialStore, changeCredentials } from "./credentials.ts";
import { isOneTimeToken, ONE_TIME_TOKEN, userOfToken } from "./one-time-token.ts";
import { passwordSchema } from "./password-rules.ts";
import type { Passwords } from "./passwords.ts";
import { exampleInvitation } from "./user-response.ts";
import type { Users } from "./users-table.ts";

type Deps = {
  users: Pick<Users, "read">;
  credentials: CredentialStore;
  passwords: Pick<Passwords, "hash">;
  accountsClock: StoreClock;
  accountLog: AccountLog;
};

const rejectToken = () =>
  throwValidationError([
    { path: "body.token", message: "is unknown, expired or used: ask the owner of the site for another." },
  ]);

export const redeemPassword = operation({
  tag: "Accounts",
  summary: "Set a password with a one-time token",
  description: "The token comes from the creation of the user or from a reset. It is valid for an hour, and once.",
  body: z.strictObject({
    token: z.string().regex(ONE_TIME_TOKEN, { error: "must be a one-time token" }),
    password: passwordSchema,
  }),
  responses: { 204: { description: "The password is set: sign in with it." } },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  // Apart from the sign-ins of the account, so that guessing here does not block those.
  account: ({ body }) => `one-time:${userOfToken(body.token)}`,
  example: { body: { token: exampleInvitation.token, password: "four words are enough" } },
  handler: async ({ body: { token, password } }, deps: Deps) => {
    const { users, credentials, passwords, accountsClock, accountLog } = deps;
    const id = userOfToken(token);
    const isUser = (await users.read()).some((user) => user.id === id && user.state === "active");
    let hash: string | undefined;
    await changeCredentials(credentials, id, async (current) => {
      // Decided after both reads, so that every invalid token takes the same calls.
      if (!isOneTimeToken(token, current?.oneTime, accountsClock.now()) || !isUser) rejectToken();
      hash ??= await passwords.hash(password);
      const { oneTime: _, ...kept } = current ?? {};
      return { ...kept, hash };
    });
    accountLog.userChanged({ action: "password-set", by: undefined, id, isPasswordChanged: true });
    return { status: 204 };
  },
});
