// The whole matrix, written out: a change of who may do what must be made twice.
import { expect, test } from "vitest";
import { hasPermission, permissions, roles } from "./permissions.ts";

const matrix = {
  owner: ["images:read", "images:write", "images:delete", "users:manage", "keys:manage"],
  editor: ["images:read", "images:write", "images:delete"],
  viewer: ["images:read"],
} as const;

test.each(roles)("the role %s has exactly its permissions", (role) => {
  expect(permissions.filter((permission) => hasPermission({ role }, permission))).toEqual(matrix[role]);
});
