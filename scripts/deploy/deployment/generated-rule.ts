// The alert rule "Failure Anomalies" that Azure adds to each Application Insights component by itself, outside of Terraform's
// state. It does not depend on the stage and is free, so a rule that is left as it is never fails a run.
import type { DeployContext } from "../deploy-context.ts";
import { firstLine } from "../error-message.ts";
import { type DeployTarget, resourceId } from "../target.ts";

/**
 * As azurerm has it (internal/services/monitor/client). Without a version az reads the subscription's providers
 * (_resolve_api_version_by_id), and a deployer has rights to its group.
 * https://learn.microsoft.com/rest/api/monitor/smart-detector-alert-rules/patch
 */
const API_VERSION = "2019-06-01";

const idOf = (target: DeployTarget) =>
  resourceId(
    target,
    "microsoft.alertsmanagement/smartDetectorAlertRules",
    `Failure Anomalies - ${target.names.insights}`,
  );

/**
 * Turns the rule off: our own alerts report failures. Azure adds it up to an hour after the component, so that the second
 * deployment finds it, and adds it again after a deletion.
 */
export async function disableGeneratedRule({ az, log }: DeployContext, target: DeployTarget): Promise<void> {
  const url = `https://management.azure.com${encodeURI(idOf(target))}?api-version=${API_VERSION}`;
  const body = JSON.stringify({ properties: { state: "Disabled" } });
  await az("rest", "--method", "patch", "--url", url, "--body", body).catch((error: unknown) => {
    if (!/NotFound/.test(String(error)))
      log(`::warning::Azure's own alert rule was not turned off. ${firstLine(error)}`);
  });
}

/** For a stage that is destroyed. */
export async function deleteGeneratedRule({ az, log }: DeployContext, target: DeployTarget): Promise<void> {
  const id = idOf(target);
  await az("resource", "delete", "--ids", id, "--api-version", API_VERSION).catch((error: unknown) =>
    log(`warning: ${id} was not deleted. ${error}`),
  );
}
