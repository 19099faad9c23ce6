// npm run alert:test: sends a fired and a resolved sample through a deployed notifier to Slack.
import { parseArgs } from "node:util";
import { parseStage, readConfig } from "../infra/config.ts";
import { namesOf } from "../infra/naming.ts";
import { deployContext } from "./deploy/deploy-context.ts";
import { redact } from "./deploy/redact.ts";
import { type State, sendAlert } from "./send-alert.ts";

const USAGE = "Usage: npm run alert:test -- --stage production|preview-N [--subscription ID] [--only fired|resolved]";

function statesOf(only: string | undefined): readonly State[] {
  if (only === undefined) return ["fired", "resolved"];
  if (only === "fired" || only === "resolved") return [only];
  throw new Error(`--only must be fired or resolved, received "${only}".`);
}

try {
  const string = { type: "string" } as const;
  const { values } = parseArgs({ options: { stage: string, subscription: string, only: string } });
  const stage = parseStage(values.stage);
  const states = statesOf(values.only);
  if (readConfig(stage).alerts.slack.connection === "none")
    throw new Error(`${stage} has no notifier: it sends e-mails only (alerts.slack in infra/stages.ts).`);
  const { id } = values.subscription
    ? { id: values.subscription }
    : ((await deployContext.az("account", "show")) as { readonly id: string });
  const { resourceGroup, workflow } = namesOf(stage, id);
  const workflowId = `/subscriptions/${id}/resourceGroups/${resourceGroup}/providers/Microsoft.Logic/workflows/${workflow}`;
  for (const state of states) {
    await sendAlert(deployContext, workflowId, state);
    deployContext.log(`${state}: posted to Slack`);
  }
} catch (error) {
  process.stderr.write(`alert:test: ${redact(error instanceof Error ? error.message : String(error))}\n${USAGE}\n`);
  process.exitCode = 1;
}
