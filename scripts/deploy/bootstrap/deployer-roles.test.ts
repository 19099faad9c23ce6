// The condition that limits which roles a deployer may assign.
import { expect, it } from "vitest";
import { assignable, assignmentCondition, customRoles } from "./deployer-roles.ts";

it("assignmentCondition permits exactly the eight assignable roles, to service principals only", () => {
  const ids = (action: string) =>
    new RegExp(`${action}'\\}\\)\\) OR \\(@\\w+\\[[^\\]]+\\] ForAnyOfAnyValues:GuidEquals \\{([^}]+)\\}`)
      .exec(assignmentCondition)?.[1]
      ?.split(", ");
  for (const action of ["write", "delete"]) expect(ids(action)).toEqual(assignable.map(({ id }) => id));
  expect(assignable).toHaveLength(8);
  expect(
    assignmentCondition.match(/PrincipalType\] ForAnyOfAnyValues:StringEqualsIgnoreCase \{'ServicePrincipal'\}/g),
  ).toHaveLength(2);
  // Neither Owner nor Contributor nor a role that assigns roles.
  expect(assignmentCondition).not.toMatch(/8e3af657|b24988ac|f58310d9|18d7d88d/);
  // Only Azure would report an unbalanced bracket.
  expect(assignmentCondition.split("(")).toHaveLength(assignmentCondition.split(")").length);
});

it("customRoles names the roles of two subscriptions of a tenant differently", () => {
  const names = (subscription: string) => customRoles(subscription, true).map(({ name }) => name);
  const [one, other] = ["6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11", "0b6a1f8e-5f53-4f5e-8a44-2a6f8f0f7c55"] as const;
  expect(new Set([...names(one), ...names(other)])).toHaveProperty("size", 4);
  expect(names(one.toUpperCase())).toEqual(names(one));
});
