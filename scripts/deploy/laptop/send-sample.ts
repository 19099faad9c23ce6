// Sends a sample of an alert through a deployed notifier and waits for its run.
import { CODE, codesOf } from "../../../infra/alerting/kinds.ts";
import { logRuleNames } from "../../../infra/alerting/queries.ts";
import type { DeployContext } from "../deploy-context.ts";
import { postAlert } from "../deployment/notify-slack.ts";

/** `kinds` is an alert of a rule that reports several kinds of problems. */
export const samples = ["fired", "kinds", "resolved"] as const;
export type Sample = (typeof samples)[number];

const DESCRIPTION = "A sample, sent by npm run alert:test. No action is needed.";
/**
 * All kinds at once, so that Azure evaluates every expression of the message. Azure sends 33.0, a Float to Logic Apps; here
 * only a fraction stays one.
 */
const allKinds = {
  condition: { allOf: [{ metricMeasureColumn: CODE, metricValue: codesOf(logRuleNames) + 0.5, threshold: "0" }] },
};

const POLL_MS = 5_000;
/** Longer than all retries of the notifier take. */
const TIMEOUT_MS = 10 * 60_000;

type RunResource = {
  readonly properties: {
    readonly status: string;
    readonly error?: { readonly code: string; readonly message?: string };
  };
};

/**
 * Sends one sample and waits until its run succeeds.
 * @throws {Error} without the notifier's signed URL, when it rejects the sample or its run does not succeed
 */
export async function sendSample(
  context: Pick<DeployContext, "az" | "fetch" | "clock">,
  workflowId: string,
  sample: Sample,
): Promise<void> {
  const { az, clock } = context;
  const time = new Date(clock.now()).toISOString();
  const runId = await postAlert(
    context,
    workflowId,
    {
      // The message with the kinds does not show the description.
      alertRule: sample === "kinds" ? `alert-test. ${DESCRIPTION} This is what all kinds look like` : "alert-test",
      severity: "Sev4",
      firedDateTime: time,
      description: DESCRIPTION,
      ...(sample === "resolved"
        ? { monitorCondition: "Resolved", resolvedDateTime: time }
        : { monitorCondition: "Fired" }),
    },
    sample === "kinds" ? allKinds : {},
  );
  if (!runId) throw new Error("The notifier did not return a run id: read its run history in the portal.");

  const url = `https://management.azure.com${workflowId}/runs/${runId}?api-version=2019-05-01`;
  const end = clock.now() + TIMEOUT_MS;
  for (;;) {
    const { properties } = (await az("rest", "--method", "get", "--url", url)) as RunResource;
    const { status, error } = properties;
    if (status === "Succeeded") return;
    if (!["Running", "Waiting"].includes(status)) {
      const { code = status, message = "" } = error ?? {};
      throw new Error(`Run ${runId} is ${status} (${code}). ${message} See docs/runbooks.md, "notifier failed".`);
    }
    if (clock.now() > end) throw new Error(`Run ${runId} did not end within ten minutes.`);
    await clock.sleep(POLL_MS);
  }
}
