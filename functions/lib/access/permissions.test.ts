// The whole matrix, written out: changing a permission takes two edits, so that it is never an accident.
import { expect, test } from "vitest";
import { hasPermission, permissions, roles } from "./permissions.ts";

const matrix = {
  owner: ["images:read", "images:write", "images:delete", "visits:manage", "users:manage", "keys:manage"],
  editor: ["images:read", "images:write", "images:delete"],
  viewer: ["images:read"],
} as const;

test.each(roles)("the role %s has exactly its permissions", (role) => {
  expect(permissions.filter((permission) => hasPermission({ role }, permission))).toEqual(matrix[role]);
});
