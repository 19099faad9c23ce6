// The workspace has rows with the run's trace id within ten minutes.
import { check } from "../check.ts";
import { CheckFailure } from "../check-failure.ts";

const POLL_MS = 20_000;
const ATTEMPTS = 30;

export const telemetry = check({
  name: "telemetry",
  needs: ["workspace"],
  async run({ queryWorkspace, client, pause }, { workspace }) {
    // A table and its columns exist after its first row only.
    const query = [
      "union isfuzzy=true AppTraces, AppRequests, AppDependencies",
      "where TimeGenerated > ago(1h)",
      `where tostring(column_ifexists("Message", "")) has "${client.traceId}" or tostring(column_ifexists("Properties", "")) has "${client.traceId}"`,
      "count",
    ].join(" | ");
    for (let attempt = 1; ; attempt++) {
      const rows = await queryWorkspace(workspace, query);
      if (rows > 0) return `${rows} rows of this run, at attempt ${attempt}`;
      if (attempt === ATTEMPTS)
        throw new CheckFailure({
          expected: `rows with the trace id ${client.traceId} within ${(ATTEMPTS * POLL_MS) / 60_000} minutes`,
          received: "none",
          look: "APPLICATIONINSIGHTS_CONNECTION_STRING, the role Monitoring Metrics Publisher, telemetry-not-sent in the log, the daily cap",
        });
      await pause(POLL_MS);
    }
  },
});
