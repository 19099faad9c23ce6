// Who may do what: permissions hang on roles, routes ask for permissions. Pure.

export const permissions = ["images:read", "images:write", "images:delete", "users:manage", "keys:manage"] as const;
export type Permission = (typeof permissions)[number];

export const roles = ["owner", "editor", "viewer"] as const;
export type Role = (typeof roles)[number];

const granted: Record<Role, ReadonlySet<Permission>> = {
  owner: new Set(permissions),
  editor: new Set(["images:read", "images:write", "images:delete"]),
  viewer: new Set(["images:read"]),
};

/** Who a verified token speaks for. */
export type Caller = { readonly subject: string; readonly role: Role };

export function hasPermission({ role }: Pick<Caller, "role">, permission: Permission): boolean {
  return granted[role].has(permission);
}
