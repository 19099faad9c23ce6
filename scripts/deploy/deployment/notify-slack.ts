// Reports a failed deployment to Slack through the stage's own notifier.
import { TRIGGER } from "../../../infra/alerting/workflow.ts";
import type { DeployContext } from "../deploy-context.ts";
import { type DeployTarget, resourceId } from "../target.ts";

/** The fields of an alert that the notifier shows. */
type Essentials = {
  readonly alertRule: string;
  readonly severity: string;
  readonly monitorCondition: "Fired" | "Resolved";
  readonly firedDateTime: string;
  readonly resolvedDateTime?: string;
  readonly description: string;
};

/**
 * Sends an alert in the common schema to the notifier's trigger.
 * @returns the id of the run that handles it, or null
 * @throws {Error} without the trigger's signed URL, when the notifier is unreachable or rejects the alert
 */
export async function postAlert(
  { az, fetch }: Pick<DeployContext, "az" | "fetch">,
  workflowId: string,
  essentials: Essentials,
  alertContext: object = {},
): Promise<string | null> {
  const url = `https://management.azure.com${workflowId}/triggers/${TRIGGER}/listCallbackUrl?api-version=2019-05-01`;
  const { value } = (await az("rest", "--method", "post", "--url", url)) as { readonly value: string };
  const response = await fetch(value, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ schemaId: "azureMonitorCommonAlertSchema", data: { essentials, alertContext } }),
    signal: AbortSignal.timeout(30_000),
  }).catch((error: { cause?: { code?: string } }) => {
    // The error itself may quote the URL.
    throw new Error(`The notifier is unreachable: ${error.cause?.code ?? "no response within 30 s"}.`);
  });
  if (!response.ok) throw new Error(`The notifier returned ${response.status}, expected 202.`);
  return response.headers.get("x-ms-workflow-run-id");
}

/** Never throws: the failure of the deployment is the one to report. */
export async function notifySlack(context: DeployContext, target: DeployTarget, text: string): Promise<void> {
  const { stage, commit, names } = target;
  try {
    await postAlert(context, resourceId(target, "Microsoft.Logic/workflows", names.workflow), {
      alertRule: `Deployment of ${commit.slice(0, 7)} to ${stage}`,
      severity: "Sev1",
      monitorCondition: "Fired",
      firedDateTime: new Date(context.clock.now()).toISOString(),
      description: text,
    });
    context.log("Slack notified.");
  } catch {
    // The message of az may contain the signed URL.
    context.log("Slack not notified: the notifier does not exist, is unreachable or rejected the alert.");
  }
}
