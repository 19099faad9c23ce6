// POST /v1/users: creates a user, who sets a password with the one-time token of the response.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { addUser, type User } from "../lib/access/roster.ts";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { nextSecond, type StoreClock } from "../lib/store-clock.ts";
import type { AccountLog } from "./account-log.ts";
import { type CredentialStore, changeCredentials } from "./credentials.ts";
import { createOneTimeToken } from "./one-time-token.ts";
import { email, exampleInvitation, invitationResponse, role, tier, toUserResponse } from "./user-response.ts";
import type { Users } from "./users-table.ts";

type Deps = { users: Users; credentials: CredentialStore; accountsClock: StoreClock; accountLog: AccountLog };

export const createUser = guardedOperation({
  tag: "Accounts",
  summary: "Create a user",
  description:
    "The one-time token of the response is shown once and is valid for an hour: give it to the user, who sets a password with it at `POST /api/v1/auth/password`.",
  body: z.strictObject({ email, role, tier: tier.default("free") }),
  responses: { 201: { description: "The user and the one-time token.", schema: invitationResponse } },
  errors: ["CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    CONFLICT: "Another user has the e-mail address ada@example.com: choose another, or change that user.",
  },
  example: { body: { email: "ada@example.com", role: "editor", tier: "free" }, response: exampleInvitation },
  handler: async ({ body, caller }, { users, credentials, accountsClock, accountLog }: Deps) => {
    const roster = await users.read();
    const now = accountsClock.now();
    const user: User = {
      id: randomUUID(),
      ...body,
      state: "active",
      validFrom: nextSecond(now),
      createdAt: now.earliest,
    };
    // Before anything is written: most conflicts are seen here.
    addUser(roster, user);
    const { token, oneTime } = createOneTimeToken(user.id, now);
    // The credentials come first. Without their row in the roster nothing signs in, and a repeated request starts anew.
    await changeCredentials(credentials, user.id, async () => ({ oneTime }));
    try {
      await users.change((current) => addUser(current, user));
    } catch (error) {
      if (error instanceof AppError && error.code === "CONFLICT") await credentials.remove(user.id);
      throw error;
    }
    accountLog.userChanged({ action: "created", by: caller, id: user.id, after: user });
    const expiresAt = new Date(oneTime.expiresAt).toISOString();
    return { status: 201, json: { user: toUserResponse(user), token, expiresAt } };
  },
});
