// Users as the API shows them to an owner, and the parameters and errors that their routes share.
import { z } from "zod";
import { roles } from "../lib/access/permissions.ts";
import { emailSchema, states, type User } from "../lib/access/roster.ts";
import { tiers } from "../lib/retention.ts";

export const userId = z
  .string()
  .regex(/^(?:owner|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/, "must be owner or a UUID in lower case")
  .meta({ description: "Id of the user: a UUID, or `owner` for the first one." });

export const email = emailSchema.meta({ description: "In lower case; unique among all users." });
export const role = z.enum(roles).meta({ description: "Tokens grant at most the permissions of this role." });
export const tier = z.enum(tiers).meta({
  description: "Days for which images are meant to be kept: 90, 180, 365, or without end. Nothing deletes them yet.",
});
export const state = z
  .enum(states)
  .meta({ description: "A disabled user cannot sign in, and their tokens are rejected." });

export const userResponse = z
  .object({ id: z.string(), email: z.string(), role, tier, state, createdAt: z.iso.datetime() })
  .meta({ id: "User", description: "A user of the site." });
export type UserResponse = z.infer<typeof userResponse>;

export const toUserResponse = ({ id, email, role, tier, state, createdAt }: User): UserResponse => ({
  id,
  email,
  role,
  tier,
  state,
  createdAt: new Date(createdAt).toISOString(),
});

export const exampleUser = {
  id: "3b0f7c62-9a51-4f0e-8a57-0c2d9f4e6b18",
  email: "ada@example.com",
  role: "editor",
  tier: "free",
  state: "active",
  createdAt: "2026-11-21T09:00:00.000Z",
} as const satisfies UserResponse;

/** Returned once: only a hash of the token is stored. */
export const invitationResponse = z
  .object({
    user: userResponse,
    token: z.string().meta({ description: "One-time token to set a password with: `POST /api/v1/auth/password`." }),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "Invitation", description: "A user and the one-time token with which they set a password." });

export const exampleInvitation = {
  user: exampleUser,
  token: `${exampleUser.id}.Yx0kq3mU0wq1rJ5v6oXb7n2tP9sLzDfGhK4cEaVuTiM`,
  expiresAt: "2026-11-21T10:00:00.000Z",
} as const satisfies z.infer<typeof invitationResponse>;
