// Tells Slack of a deployment that failed, through the stage's own notifier: its address is asked for and never shown.
import { TRIGGER } from "../../infra/alerting/workflow.ts";
import { type DeployTarget, resourceId } from "./target.ts";
import type { World } from "./world.ts";

/** Never throws: a failed deployment stays failed for its own reason. */
export async function tellSlack(world: World, target: DeployTarget, text: string): Promise<void> {
  const { az, fetch, clock, say } = world;
  const workflow = resourceId(target, "Microsoft.Logic/workflows", target.names.workflow);
  try {
    const url = `https://management.azure.com${workflow}/triggers/${TRIGGER}/listCallbackUrl?api-version=2019-05-01`;
    const { value } = (await az("rest", "--method", "post", "--url", url)) as { value: string };
    const answer = await fetch(value, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alertOf(target, text, new Date(clock.now()).toISOString())),
      signal: AbortSignal.timeout(30_000),
    });
    say(answer.ok ? "Slack was told." : `Slack was not told: the notifier answered ${answer.status}.`);
  } catch {
    // The fault's text may hold the signed address.
    say("Slack was not told: the notifier could not be reached, or does not stand yet.");
  }
}

/** In the common alert schema, which is what the notifier takes. */
function alertOf({ subscriptionId, stage, commit, runId }: DeployTarget, description: string, now: string) {
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        alertId: `/subscriptions/${subscriptionId}/providers/Microsoft.AlertsManagement/alerts/deployment-${runId}`,
        alertRule: `Deployment of ${commit.slice(0, 7)} to ${stage}`,
        severity: "Sev1",
        signalType: "Log",
        monitorCondition: "Fired",
        monitoringService: "Deployment",
        alertTargetIDs: [],
        configurationItems: [stage],
        originAlertId: runId,
        firedDateTime: now,
        description,
        essentialsVersion: "1.0",
        alertContextVersion: "1.0",
      },
      alertContext: {},
    },
  };
}
