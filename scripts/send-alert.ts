// Sends sample alerts through a deployed notifier and waits for its runs; its signed address is asked for, never shown.
import { TRIGGER } from "../infra/alerting/workflow.ts";
import type { World } from "./deploy/world.ts";

export type State = "fired" | "resolved";

const API = "api-version=2019-05-01";
const POLL = 5_000;
/** Longer than the notifier's own attempts to reach Slack take. */
const LONGEST = 10 * 60_000;

/** As a log alert comes, in the common alert schema. */
export function sampleAlert(state: State, workflowId: string, now: number): object {
  const [, , subscriptionId] = workflowId.split("/");
  const time = new Date(now).toISOString();
  const isResolved = state === "resolved";
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        alertId: `/subscriptions/${subscriptionId}/providers/Microsoft.AlertsManagement/alerts/alert-test`,
        alertRule: "alert-test",
        severity: "Sev4",
        signalType: "Log",
        monitorCondition: isResolved ? "Resolved" : "Fired",
        monitoringService: "Log Alerts V2",
        firedDateTime: time,
        ...(isResolved && { resolvedDateTime: time }),
        description: "A sample, sent by npm run alert:test. Nothing is wrong.",
      },
      alertContext: {
        condition: {
          windowSize: "PT30M",
          allOf: [
            {
              metricMeasureColumn: "sample",
              operator: "GreaterThan",
              threshold: "1",
              timeAggregation: "Maximum",
              metricValue: 2,
            },
          ],
        },
      },
    },
  };
}

type RunOf = {
  readonly properties: {
    readonly status: string;
    readonly error?: { readonly code: string; readonly message?: string };
  };
};

/**
 * Sends one sample and waits until the notifier is through with it.
 * @throws {Error} when it was not taken, or its run did not succeed; the text has no address in it
 */
export async function sendAlert(
  { az, fetch, clock }: Omit<World, "run" | "say">,
  workflowId: string,
  state: State,
): Promise<void> {
  const workflow = `https://management.azure.com${workflowId}`;
  const rest = (method: string, path: string) => az("rest", "--method", method, "--url", `${workflow}/${path}?${API}`);
  const { value: address } = (await rest("post", `triggers/${TRIGGER}/listCallbackUrl`)) as { readonly value: string };
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(sampleAlert(state, workflowId, clock.now())),
    signal: AbortSignal.timeout(30_000),
  }).catch((fault: { cause?: { code?: string } }) => {
    // The fault itself may quote the address.
    throw new Error(`The notifier could not be reached: ${fault.cause?.code ?? "no answer within 30 s"}.`);
  });
  if (!answer.ok) throw new Error(`The notifier answered ${answer.status}, where it says 202 to what it takes.`);
  const id = answer.headers.get("x-ms-workflow-run-id");
  if (!id) throw new Error("The notifier did not say which run it began: look at its runs history in the portal.");

  const end = clock.now() + LONGEST;
  for (;;) {
    const { properties } = (await rest("get", `runs/${id}`)) as RunOf;
    if (properties.status === "Succeeded") return;
    if (!["Running", "Waiting"].includes(properties.status)) {
      const { code = properties.status, message = "" } = properties.error ?? {};
      throw new Error(
        `Run ${id} ended as ${properties.status} (${code}). ${message} docs/runbooks.md, "notifier failed".`,
      );
    }
    if (clock.now() > end) throw new Error(`Run ${id} still runs after ten minutes.`);
    await clock.sleep(POLL);
  }
}
