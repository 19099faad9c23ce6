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

/** Azure rejects other types, which ends the run: a number as a condition, a comparison of a text with a number. */
function typed<T>(name: string, type: "boolean" | "number" | "string", values: readonly unknown[]): readonly T[] {
  const other = values.find((value) => typeof value !== type);
  if (other !== undefined || values.includes(undefined))
    throw new TypeError(`'${name}' needs values of type ${type}, received ${JSON.stringify(other)}`);
  return values as readonly T[];
}
const numeric =
  (name: string, calculate: (one: number, other: number) => unknown) =>
  (...values: unknown[]) => {
    const [one = 0, other = 0] = typed<number>(name, "number", values);
    return calculate(one, other);
  };
const logical =
  (name: string, decide: (conditions: readonly boolean[]) => boolean) =>
  (...values: unknown[]) =>
    decide(typed<boolean>(name, "boolean", values));

const functions = {
  and: logical("and", (conditions) => conditions.every(Boolean)),
  coalesce: (...values: unknown[]) => values.find((value) => value !== null && value !== undefined) ?? null,
  concat: (...texts: string[]) => texts.join(""),
  contains: (text: string, part: string) => text.includes(part),
  decodeUriComponent: decodeURIComponent,
  empty: (text: string) => text === "",
  equals: (one: unknown, other: unknown) => (one ?? null) === (other ?? null),
  greater: numeric("greater", (one, other) => one > other),
  greaterOrEquals: numeric("greaterOrEquals", (one, other) => one >= other),
  iff: (condition: unknown, yes: unknown, no: unknown) => (typed<boolean>("if", "boolean", [condition])[0] ? yes : no),
  length: (text: string) => typed<string>("length", "string", [text])[0]?.length,
  lessOrEquals: numeric("lessOrEquals", (one, other) => one <= other),
  mod: numeric("mod", (dividend, divisor) => dividend % divisor),
  not: logical("not", ([condition]) => !condition),
  or: logical("or", (conditions) => conditions.some(Boolean)),
  replace: (text: string, from: string, to: string) => text.replaceAll(from, to),
  // Ignores the case.
  startsWith: (...texts: unknown[]) => {
    const [text = "", part = ""] = typed<string>("startsWith", "string", texts).map((each) => each.toLowerCase());
    return text.startsWith(part);
  },
  string: String,
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
