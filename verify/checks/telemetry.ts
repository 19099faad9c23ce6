// What happened here can be found later: the workspace knows this run's trace id within ten minutes.
import { check, Fault } from "../check.ts";

const ASK_AGAIN_MS = 20_000;
const TIMES = 30;

export const telemetry = check({
  name: "telemetry",
  needs: ["workspace"],
  async run({ askWorkspace, client, pause }, { workspace }) {
    // Tables come into being with their first row, so none of them may be there yet, and no column either.
    const question = [
      "union isfuzzy=true AppTraces, AppRequests, AppDependencies",
      "where TimeGenerated > ago(1h)",
      `where tostring(column_ifexists("Message", "")) has "${client.traceId}" or tostring(column_ifexists("Properties", "")) has "${client.traceId}"`,
      "count",
    ].join(" | ");
    for (let asked = 1; ; asked++) {
      const rows = await askWorkspace(workspace, question);
      if (rows > 0) return `${rows} rows of this run, at question ${asked}`;
      if (asked === TIMES)
        throw new Fault({
          expected: `rows with the trace id ${client.traceId} within ${(TIMES * ASK_AGAIN_MS) / 60_000} minutes`,
          received: "none",
          look: "APPLICATIONINSIGHTS_CONNECTION_STRING, the role Monitoring Metrics Publisher, telemetry-not-sent in the log, the daily cap",
        });
      await pause(ASK_AGAIN_MS);
    }
  },
});
