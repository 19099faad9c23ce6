// The process is live, and all its dependencies are up.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import { describeResponse, jsonOf, mustHaveStatus } from "../response-shape.ts";

type Readiness = {
  status: string;
  dependencies: Record<string, { status: string; latencyMs: number }>;
  warnings?: readonly string[];
};

export const readiness = check({
  name: "readiness",
  needs: [],
  async run({ client }) {
    mustHaveStatus(await client.call("/health/live"), { status: 200, look: "the app's log" });
    const look =
      "the log line dependency-down, the roles of the app's identity, whether the stage was provisioned and seeded";
    const response = await client.call("/health/ready");
    const { status, dependencies, warnings = [] } = jsonOf<Readiness>(response, { status: 200, look });
    const all = Object.entries(dependencies ?? {});
    must(status === "ok" && all.length > 0 && all.every(([, each]) => each.status === "up"), {
      expected: "ok, and every dependency up, from GET /health/ready",
      received: describeResponse(response),
      look,
    });
    return [...all.map(([name, { latencyMs }]) => `${name} ${Math.round(latencyMs)} ms`), ...warnings].join(", ");
  },
});
