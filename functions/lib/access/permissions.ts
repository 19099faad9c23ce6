// The permissions of each role; routes require permissions. Pure.

export const permissions = ["images:read", "images:write", "images:delete", "users:manage", "keys:manage"] as const;
export type Permission = (typeof permissions)[number];

export const roles = ["owner", "editor", "viewer"] as const;
export type Role = (typeof roles)[number];

const permissionsOf: Record<Role, ReadonlySet<Permission>> = {
  owner: new Set(permissions),
  editor: new Set(["images:read", "images:write", "images:delete"]),
  viewer: new Set(["images:read"]),
};

/** The subject and role of a verified token. */
export type Caller = { readonly subject: string; readonly role: Role };

export function hasPermission({ role }: Pick<Caller, "role">, permission: Permission): boolean {
  return permissionsOf[role].has(permission);
}
