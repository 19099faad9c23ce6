// GET /health/live and /health/ready: whether the process answers, and whether what it needs does.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { operation } from "../lib/http/operation.ts";

/** Rejects when a dependency does not answer. */
export type CheckDependencies = () => Promise<void>;

const status = z.object({ status: z.literal("ok") });

export const live = operation({
  summary: "Is the process up?",
  answers: { 200: { description: "It answers.", schema: status } },
  errors: [],
  example: { answer: { status: "ok" } },
  handler: async (_request, _deps: object) => ({ json: { status: "ok" } }),
});

export const ready = operation({
  summary: "Can it serve?",
  description: "Asks the tables, the media account and the vault, at most once every five seconds.",
  answers: { 200: { description: "What it depends on answers.", schema: status } },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: { answer: { status: "ok" } },
  handler: async (_request, { checkDependencies }: { checkDependencies: CheckDependencies }) => {
    await checkDependencies().catch((cause: unknown) => {
      throw new AppError("DEPENDENCY_UNAVAILABLE", "Not ready", { cause, retryAfter: 5 });
    });
    return { json: { status: "ok" } };
  },
});
