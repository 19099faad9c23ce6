// GET /v1/users: all users of the site.
import { z } from "zod";
import { guardedOperation } from "../lib/http/operation.ts";
import { exampleUser, toUserResponse, userResponse } from "./user-response.ts";
import type { Users } from "./users-table.ts";

export const listUsers = guardedOperation({
  tag: "Accounts",
  summary: "List the users",
  description: "There are at most 100.",
  responses: { 200: { description: "All users.", schema: z.object({ users: z.array(userResponse) }) } },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: { response: { users: [exampleUser] } },
  handler: async (_, { users }: { users: Pick<Users, "read"> }) => ({
    json: { users: (await users.read()).map(toUserResponse) },
  }),
});
