// Renders the Slack message that a synthesized workflow posts for a payload.
import { runInNewContext } from "node:vm";
import { App } from "cdktf/lib/app.js";
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import { Notifier, type NotifierProps } from "./notifier.ts";
import { RUNBOOKS, SUBSCRIPTION } from "./payloads.fixture.ts";
import type { webhookActions, workflowDefinition } from "./workflow.ts";

type Resource = Readonly<Record<string, unknown>>;
export type Resources = Readonly<Record<string, Readonly<Record<string, Resource>>>>;

/** The resources, and under `data` the data sources, of a stack that `fill` adds constructs to. */
export function synthesize(fill: (stack: TerraformStack) => void): Resources & { readonly data: Resources } {
  const stack = new TerraformStack(new App({ stackTraces: false }), "stack");
  fill(stack);
  const { resource, data = {} } = stack.toTerraform();
  return { ...resource, data };
}

export const notifierProps: NotifierProps = {
  location: { resourceGroupName: "vitae-production", location: "westeurope" },
  groupId: "/group",
  name: "vitae-production-abcde",
  subscriptionId: SUBSCRIPTION,
  connection: "webhook",
  channel: "#alerts",
  vault: { id: "/vault", uri: "https://vault.example/" },
  runbooks: RUNBOOKS,
};

type Definition = Omit<ReturnType<typeof workflowDefinition>, "actions"> & {
  readonly actions: ReturnType<typeof webhookActions>;
};
type Workflow = Resource & {
  readonly body: { readonly properties: { readonly definition: Definition; readonly parameters: Resource } };
};

/** The workflow as Azure receives it. */
export function workflowOf(resources: Resources): Workflow {
  return Object.values(resources.azapi_resource ?? {})[0] as Workflow;
}

const functions = {
  coalesce: (...values: unknown[]) => values.find((value) => value !== null && value !== undefined) ?? null,
  concat: (...texts: string[]) => texts.join(""),
  contains: (text: string, part: string) => text.includes(part),
  and: (...conditions: boolean[]) => conditions.every(Boolean),
  decodeUriComponent: decodeURIComponent,
  empty: (text: string) => text === "",
  equals: (one: unknown, other: unknown) => (one ?? null) === (other ?? null),
  greater: (one: number, other: number) => one > other,
  greaterOrEquals: (one: number, other: number) => one >= other,
  length: (text: string) => text.length,
  lessOrEquals: (one: number, other: number) => one <= other,
  mod: (dividend: number, divisor: number) => dividend % divisor,
  not: (condition: boolean) => !condition,
  or: (...conditions: boolean[]) => conditions.some(Boolean),
  startsWith: (text: string, part: string) => text.startsWith(part),
  string: String,
  iff: (condition: boolean, yes: unknown, no: unknown) => (condition ? yes : no),
  replace: (text: string, from: string, to: string) => text.replaceAll(from, to),
  take: (text: string, length: number) => text.slice(0, length),
  utcNow: () => "2026-11-21T12:00:00.0000000Z",
};

/** The workflow language is JavaScript with another spelling of `?.[` and without a reserved word `if`. */
const asJavaScript = (expression: string) => expression.replaceAll("?[", "?.[").replaceAll("if(", "iff(");

const { definition } = workflowOf(synthesize((stack) => new Notifier(stack, "notifier", notifierProps))).body
  .properties;

/** @throws {ReferenceError} for a function of the workflow language that is not in `functions` */
export function slackText(payload: unknown, template = definition.actions.Post_to_slack.inputs.body.text): string {
  const parameters = (name: "runbooks") => definition.parameters[name].defaultValue;
  const context = { ...functions, parameters, triggerBody: () => payload };
  return template.replaceAll(/@\{(.*?)\}/g, (_, expression: string) =>
    String(runInNewContext(asJavaScript(expression), context)),
  );
}
