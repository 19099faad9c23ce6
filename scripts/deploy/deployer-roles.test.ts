// The condition that limits which roles a deployer may assign.
import { expect, it } from "vitest";
import { assignable, assignmentCondition } from "./deployer-roles.ts";

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
