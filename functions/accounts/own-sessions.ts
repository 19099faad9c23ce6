// GET and DELETE /v1/auth/sessions: where the caller is signed in, and how to sign out there.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import type { Sessions } from "./sessions.ts";

const time = z.iso.datetime();
const session = z
  .strictObject({
    id: z.guid(),
    createdAt: time,
    lastUsedAt: time.meta({ description: "Last sign-in or refresh." }),
    client: z.string().max(64).meta({ description: "Browser and system." }),
    current: z.boolean().meta({ description: "Whether it is the session of this request's token." }),
  })
  .meta({ id: "Session" });

const example = {
  id: "7d0c2a52-5a0c-4c3e-9a55-0b6f3f0a2b11",
  createdAt: "2026-11-21T12:00:00.000Z",
  lastUsedAt: "2026-11-21T12:15:00.000Z",
  client: "Firefox on Windows",
  current: true,
};

export const listSessions = guardedOperation({
  tag: "Accounts",
  summary: "List your sessions",
  description: "The places where you are signed in, most recently used first, at most 20.",
  responses: { 200: { description: "The sessions.", schema: z.strictObject({ sessions: z.array(session) }) } },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: { response: { sessions: [example] } },
  handler: async ({ caller }, { sessions }: { sessions: Pick<Sessions, "list"> }) => {
    const summaries = await sessions.list(caller.subject);
    return {
      json: {
        sessions: summaries.map(({ id, createdAt, usedAt, client }) => ({
          id,
          createdAt: new Date(createdAt).toISOString(),
          lastUsedAt: new Date(usedAt).toISOString(),
          client,
          current: id === caller.session,
        })),
      },
    };
  },
});

const noSession = (id: string) => `You have no session ${id}: check the id in GET /api/v1/auth/sessions.`;

export const deleteSession = guardedOperation({
  tag: "Accounts",
  summary: "End one of your sessions",
  description: "Its refresh token is rejected at once. Its access token stays valid for at most 15 minutes.",
  params: z.object({ id: z.guid().meta({ description: "Id of the session." }) }),
  responses: { 204: { description: "The session has ended." } },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: { NOT_FOUND: noSession(example.id) },
  example: { params: { id: example.id } },
  handler: async ({ caller, params: { id } }, { sessions }: { sessions: Pick<Sessions, "end"> }) => {
    if (!(await sessions.end(caller.subject, id.toLowerCase()))) throw new AppError("NOT_FOUND", noSession(id));
    return { status: 204 };
  },
});
