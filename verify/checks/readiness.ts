// The process is up, and all that it needs answers.

import { check, must } from "../check.ts";
import { describeResponse, jsonOf, mustHaveStatus } from "../response-shape.ts";

type Readiness = { status: string; dependencies: Record<string, { status: string; latencyMs: number }> };

export const readiness = check({
  name: "readiness",
  needs: [],
  async run({ client }) {
    mustHaveStatus(await client.call("/health/live"), { status: 200, look: "the app's log: the process is not well" });
    const look =
      "the log line dependency-down, roles of the app's identity, whether provisioning and seeding were done";
    const answer = await client.call("/health/ready");
    const { status, dependencies } = jsonOf<Readiness>(answer, { status: 200, look });
    const all = Object.entries(dependencies ?? {});
    must(status === "ok" && all.length > 0 && all.every(([, each]) => each.status === "up"), {
      expected: "ok, and every dependency up, from GET /health/ready",
      received: describeResponse(answer),
      look,
    });
    return all.map(([name, { latencyMs }]) => `${name} ${Math.round(latencyMs)} ms`).join(", ");
  },
});
