// The permissions of each role; routes require permissions. Pure.
import type { Tier } from "../retention.ts";

export const permissions = [
  "images:read",
  "images:write",
  "images:delete",
  "visits:manage",
  "users:manage",
  "keys:manage",
] as const;
export type Permission = (typeof permissions)[number];

export const roles = ["owner", "editor", "viewer"] as const;
export type Role = (typeof roles)[number];

const permissionsOf: Record<Role, ReadonlySet<Permission>> = {
  owner: new Set(permissions),
  editor: new Set(["images:read", "images:write", "images:delete"]),
  viewer: new Set(["images:read"]),
};

/** An authenticated client. */
export type Caller = {
  readonly subject: string;
  readonly role: Role;
  /** Id of the session (the family of refresh tokens), for tokens of this API that a sign-in issued. */
  readonly session?: string;
  /** Of the caller's account; callers of Entra ID have none. */
  readonly tier?: Tier;
};

export function hasPermission({ role }: Pick<Caller, "role">, permission: Permission): boolean {
  return permissionsOf[role].has(permission);
}
