// npm run alert:test: sends samples, fired and resolved, through a deployed notifier to Slack.
import { parseStage, readConfig } from "../infra/config.ts";
import { namesOf } from "../infra/naming.ts";
import { readCommandLine } from "./command-line.ts";
import { deployContext } from "./deploy/deploy-context.ts";
import { redact } from "./deploy/redact.ts";
import { type State, sendAlert, states } from "./send-alert.ts";

const COMMAND = {
  name: "npm run alert:test",
  about: "Sends samples, fired and resolved, through a deployed notifier to Slack.",
  flags: {
    stage: { value: "STAGE", about: "production or preview-N" },
    subscription: { value: "ID", about: "Azure subscription; default the one of az login" },
    only: { value: "STATE", about: "fired, kinds or resolved" },
  },
} as const;

function statesOf(only: string | undefined): readonly State[] {
  if (only === undefined) return states;
  const chosen = states.filter((state) => state === only);
  if (chosen.length > 0) return chosen;
  throw new Error(`--only must be fired, kinds or resolved, received "${only}".`);
}

const { flags } = readCommandLine(COMMAND);
try {
  const stage = parseStage(flags.stage);
  const states = statesOf(flags.only);
  const { alerts, region } = readConfig(stage);
  if (alerts.slack.connection === "none")
    throw new Error(`${stage} has no notifier: it sends e-mails only (alerts.slack in docs/settings.md).`);
  const { id } = flags.subscription
    ? { id: flags.subscription }
    : ((await deployContext.az("account", "show")) as { readonly id: string });
  const { resourceGroup, workflow } = namesOf(stage, id, region);
  const workflowId = `/subscriptions/${id}/resourceGroups/${resourceGroup}/providers/Microsoft.Logic/workflows/${workflow}`;
  for (const state of states) {
    await sendAlert(deployContext, workflowId, state);
    deployContext.log(`${state}: posted to Slack`);
  }
} catch (error) {
  process.stderr.write(`alert:test: ${redact(error instanceof Error ? error.message : String(error))}\n`);
  process.exitCode = 1;
}
