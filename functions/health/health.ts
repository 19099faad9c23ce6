// GET /health, /health/live and /health/ready: version, liveness and readiness.
import { z } from "zod";
import { buildInfo } from "../lib/build-info.ts";
import { AppError } from "../lib/errors.ts";
import { operation } from "../lib/http/operation.ts";

const RETRY_S = 5;

export const health = operation({
  tag: "Service",
  summary: "Version",
  description: "Returns the name, version and commit of the deployed package. Calls no dependency.",
  responses: {
    200: {
      description: "The deployed version.",
      schema: z.object({
        name: z.string(),
        version: z.string().meta({ description: "Version of the package (semantic versioning)." }),
        commit: z.string().meta({
          description:
            "Git commit of the build. It ends with -dirty if files had uncommitted changes, is `source` when the app runs from its sources, and `unknown` when the build had no Git repository.",
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
  summary: "Liveness",
  description: "Returns 200 while the process runs. Calls no dependency.",
  responses: { 200: { description: "The process is up.", schema: z.object({ status: z.literal("ok") }) } },
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
      .meta({ description: "Milliseconds until the dependency responded, failed or timed out." }),
  })
  .meta({ id: "Dependency", description: "Result of the check of one dependency." });

const readiness = z
  .object({
    status: z.enum(["ok", "down"]).meta({ description: "`down` if any dependency is down." }),
    dependencies: z.object({
      tables: dependency.meta({ description: "Required to count visits and to find images." }),
      blobs: dependency.meta({ description: "Required to store, resize and link images." }),
      vault: dependency.meta({ description: "Required to verify tokens once the cached keys expire." }),
    }),
    warnings: z.array(z.string()).optional().meta({
      description: "What this instance cannot do while everything else works. Absent when it can do everything.",
    }),
  })
  .meta({ id: "Readiness", description: "Whether the app can serve requests, and the status of each dependency." });

type Dependencies = z.infer<typeof readiness>["dependencies"];
export type DependencyName = keyof Dependencies;
/** Returns the status of each dependency. Never rejects. */
export type CheckDependencies = () => Promise<Dependencies>;

export const ready = operation({
  tag: "Service",
  summary: "Readiness",
  description:
    "Checks tables, blobs and vault in parallel, each with a timeout of two seconds. The result is cached for five seconds.",
  responses: {
    200: { description: "All dependencies are up.", schema: readiness },
    503: {
      description: "At least one dependency is down.",
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
  handler: async (_request, deps: { checkDependencies: CheckDependencies; warnings: readonly string[] }) => {
    const dependencies = await deps.checkDependencies();
    const warnings = deps.warnings.length > 0 && { warnings: [...deps.warnings] };
    const down = Object.entries(dependencies).flatMap(([name, { status }]) => (status === "down" ? [name] : []));
    if (down.length === 0) return { json: { status: "ok", dependencies, ...warnings } };
    throw new AppError("DEPENDENCY_UNAVAILABLE", `Not ready: ${down.join(", ")} down`, {
      retryAfter: RETRY_S,
      extraFields: { status: "down", dependencies, ...warnings },
    });
  },
});
