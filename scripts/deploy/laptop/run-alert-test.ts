// npm run alert:test: sends samples of alerts through a deployed notifier to Slack.
import { parseStage, readConfig } from "../../../infra/config.ts";
import { namesOf } from "../../../infra/naming.ts";
import { readCommandLine } from "../../command-line.ts";
import { deployContext } from "../deploy-context.ts";
import { messageOf } from "../error-message.ts";
import { redact } from "../redact.ts";
import { explainLogin } from "./person.ts";
import { samples, sendSample } from "./send-sample.ts";

const { flags } = readCommandLine({
  name: "npm run alert:test",
  about: `Sends samples of alerts (${samples.join(", ")}) through a deployed notifier to Slack. Uses the login of az.`,
  flags: { stage: { value: "STAGE", about: "production or preview-N" } },
});

try {
  const stage = parseStage(flags.stage);
  const { alerts, region } = readConfig(stage);
  if (alerts.slack.connection === "none")
    throw new Error(`${stage} has no notifier: it sends e-mails only (alerts.slack in docs/settings.md).`);
  const { id } = (await deployContext.az("account", "show").catch(explainLogin)) as { readonly id: string };
  const { resourceGroup, workflow } = namesOf(stage, id, region);
  const workflowId = `/subscriptions/${id}/resourceGroups/${resourceGroup}/providers/Microsoft.Logic/workflows/${workflow}`;
  for (const sample of samples) {
    await sendSample(deployContext, workflowId, sample);
    deployContext.log(`${sample}: posted to Slack`);
  }
} catch (error) {
  process.stderr.write(`alert:test: ${redact(messageOf(error))}\n`);
  process.exitCode = 1;
}
