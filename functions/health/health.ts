// GET /health, /health/live and /health/ready: what runs here, whether it answers, and whether what it needs does.
import { z } from "zod";
import { buildInfo } from "../lib/build-info.ts";
import { AppError } from "../lib/errors.ts";
import { operation } from "../lib/http/operation.ts";

const RETRY_S = 5;

export const health = operation({
  tag: "Service",
  summary: "Which version runs here?",
  description: "Asks nothing of anybody else.",
  responses: {
    200: {
      description: "It answers, and says what it is.",
      schema: z.object({
        name: z.string(),
        version: z.string().meta({ description: "Of the package (semantic versioning)." }),
        commit: z.string().meta({
          description:
            "Git commit it was built from; it ends with -dirty if files were changed since, is `source` where no build runs, and `unknown` where the build could not tell.",
        }),
      }),
    },
  },
  errors: [],
  example: { response: { name: "vitae", version: "1.0.0", commit: "3f93efe4c7a2b8d1e6f5a4b3c2d1e0f9a8b7c6d5" } },
  handler: async (_request, _deps: object) => ({ json: buildInfo }),
});

export const live = operation({
  tag: "Service",
  summary: "Is the process up?",
  description: "Asks nothing of anybody else.",
  responses: { 200: { description: "It answers.", schema: z.object({ status: z.literal("ok") }) } },
  errors: [],
  example: { response: { status: "ok" } },
  handler: async (_request, _deps: object) => ({ json: { status: "ok" } }),
});

const dependency = z
  .object({
    status: z.enum(["up", "down"]),
    latencyMs: z
      .number()
      .nonnegative()
      .meta({ description: "Milliseconds until it answered, failed, or was given up." }),
  })
  .meta({ id: "Dependency", description: "How something that this depends on answered." });

const readiness = z
  .object({
    status: z.enum(["ok", "down"]).meta({ description: "down as soon as one dependency is." }),
    dependencies: z.object({
      tables: dependency.meta({ description: "Without them nothing is counted, and no image is found." }),
      blobs: dependency.meta({ description: "Without them no image is stored, made smaller or linked." }),
      vault: dependency.meta({ description: "Without it no token is accepted, once the keys in memory are old." }),
    }),
  })
  .meta({ id: "Readiness", description: "Whether it can serve, and what each of its dependencies says." });

type Dependencies = z.infer<typeof readiness>["dependencies"];
export type DependencyName = keyof Dependencies;
/** How each dependency does. Never rejects. */
export type CheckDependencies = () => Promise<Dependencies>;

export const ready = operation({
  tag: "Service",
  summary: "Can it serve?",
  description:
    "Asks the tables, the blobs and the vault at once, each for two seconds at most. An answer is kept for five seconds and given to everybody who asks meanwhile.",
  responses: {
    200: { description: "Everything it depends on answers.", schema: readiness },
    503: {
      description: "Something it depends on does not answer.",
      schema: readiness,
      example: {
        status: "down",
        dependencies: {
          tables: { status: "up", latencyMs: 4.2 },
          blobs: { status: "up", latencyMs: 6.8 },
          vault: { status: "down", latencyMs: 2000.4 },
        },
      },
    },
  },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: {
    response: {
      status: "ok",
      dependencies: {
        tables: { status: "up", latencyMs: 4.2 },
        blobs: { status: "up", latencyMs: 6.8 },
        vault: { status: "up", latencyMs: 11.3 },
      },
    },
  },
  handler: async (_request, { checkDependencies }: { checkDependencies: CheckDependencies }) => {
    const dependencies = await checkDependencies();
    const down = Object.entries(dependencies).flatMap(([name, { status }]) => (status === "down" ? [name] : []));
    if (down.length === 0) return { json: { status: "ok", dependencies } };
    throw new AppError("DEPENDENCY_UNAVAILABLE", `Not ready, because these are down: ${down.join(", ")}`, {
      retryAfter: RETRY_S,
      extraFields: { status: "down", dependencies },
    });
  },
});
