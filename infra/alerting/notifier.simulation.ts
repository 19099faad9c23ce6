// For tests: a notifier as it is synthesized, and stand-ins for the vault and for Slack that it runs against.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { App } from "cdktf/lib/app.js";
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import { Notifier, type NotifierProps } from "./notifier.ts";
import { RUNBOOKS, SUBSCRIPTION } from "./payloads.fixture.ts";
import type { Action } from "./workflow.ts";
import { type Run, runWorkflow } from "./workflow-run.simulation.ts";

type Resource = Readonly<Record<string, string | readonly string[] | Readonly<Record<string, string>>>>;
export type Resources = Readonly<Record<string, Readonly<Record<string, Resource>>>>;

export const LOGS = "https://portal.azure.com/#resource/insights/logs";
export const COSTS = "https://portal.azure.com/#resource/group/costanalysis";

/** The resources of a stack that `fill` puts constructs into, as Terraform reads them. */
export function synthesize(fill: (stack: TerraformStack) => void): Resources {
  const stack = new TerraformStack(new App({ stackTraces: false }), "stack");
  fill(stack);
  return stack.toTerraform().resource;
}

export const notifierProps: NotifierProps = {
  place: { resourceGroupName: "vitae-production", location: "westeurope" },
  name: "vitae-production-abcde",
  subscriptionId: SUBSCRIPTION,
  stage: "production",
  connection: "webhook",
  channel: "#alerts",
  vault: { id: "/vault", uri: "https://vault.example/" },
  runbooks: RUNBOOKS,
  logs: LOGS,
  costs: COSTS,
};

/** What Terraform makes of a text of its JSON. */
const unescaped = (body: unknown) => JSON.parse(String(body).replaceAll(/([$%])\1(?=\{)/g, "$1"));

/** The workflow out of the JSON: what Azure is given, and so what is to be tested. */
export function workflowOf(resources: Resources) {
  const [workflow] = Object.values(resources.azurerm_logic_app_workflow ?? {});
  const [entry] = Object.values(resources.azurerm_logic_app_trigger_custom ?? {});
  const actions = Object.values(resources.azurerm_logic_app_action_custom ?? {});
  const parameters = Object.entries(workflow?.parameters ?? {}).map(([name, value]) => [
    name,
    name.startsWith("$") ? JSON.parse(value) : value,
  ]);
  return {
    trigger: unescaped(entry?.body),
    actions: Object.fromEntries(actions.map(({ name, body }): [string, Action] => [String(name), unescaped(body)])),
    parameters: Object.fromEntries(parameters) as Record<string, unknown>,
  };
}

export type Served = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};
type Reply = { readonly status: number; readonly body: string; readonly type?: string };

async function serve(reply: (request: Served) => Reply) {
  const served: Served[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers, body: await text(request) };
    served.push(one);
    const { status, body, type = "text/plain" } = reply(one);
    response.writeHead(status, { "Content-Type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, served, close: () => new Promise((resolve) => server.close(resolve)) };
}

export type Surroundings = {
  /** What Slack answers, one after the other; the last again and again. */
  readonly slack?: readonly Reply[];
  readonly connection?: NotifierProps["connection"];
  readonly token?: string;
};

const SLACK_PATH = "services/T0/B0/secret-of-the-webhook";

/** Sends a payload through the synthesized workflow. */
export async function notify(payload: unknown, surroundings: Surroundings = {}) {
  const {
    slack: replies = [{ status: 200, body: "ok" }],
    connection = "webhook",
    token = "vault-token",
  } = surroundings;
  let at = 0;
  const slack = await serve(() => replies[Math.min(at++, replies.length - 1)] ?? { status: 500, body: "" });
  const vault = await serve(({ headers, url }) => {
    if (headers.authorization !== "Bearer vault-token") return { status: 401, body: "" };
    if (url !== "/secrets/slack-webhook-url?api-version=7.4") return { status: 404, body: "" };
    return { status: 200, type: "application/json", body: JSON.stringify({ value: `${slack.url}${SLACK_PATH}` }) };
  });
  try {
    const props = { ...notifierProps, connection, vault: { id: "/vault", uri: vault.url } };
    const { actions, parameters } = workflowOf(synthesize((stack) => new Notifier(stack, "notifier", props)));
    const identity = (audience: string) => (audience === "https://vault.azure.net" ? token : "of-another-audience");
    const run: Run = await runWorkflow({ actions, parameters, payload, identity, connector: slack.url.slice(0, -1) });
    return {
      run,
      posts: slack.served,
      messages: slack.served.map(({ body }) => JSON.parse(body)),
      asked: vault.served,
    };
  } finally {
    await Promise.all([slack.close(), vault.close()]);
  }
}
