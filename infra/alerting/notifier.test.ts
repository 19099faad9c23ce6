import { describe, expect, test } from "vitest";
import { notifierProps, synthesize, workflowOf } from "./notifier.simulation.ts";
import { Notifier } from "./notifier.ts";

const made = synthesize((stack) => new Notifier(stack, "notifier", notifierProps));
const viaConnector = synthesize(
  (stack) => new Notifier(stack, "notifier", { ...notifierProps, connection: "managed-connector" }),
);
const only = <T>(of: Readonly<Record<string, T>> | undefined): T => {
  const [first, ...more] = Object.values(of ?? {});
  if (first === undefined || more.length > 0) throw new Error(`One was expected, there are ${more.length + 1} or none`);
  return first;
};

describe.each([
  ["webhook", made],
  ["managed connector", viaConnector],
])("the notifier by %s", (_, resources) => {
  const { actions, trigger } = workflowOf(resources);
  const bodies = resources.azurerm_logic_app_action_custom ?? {};

  test("bounds how many alerts are handled at once, and lets no alert be refused unseen", () => {
    expect(trigger.runtimeConfiguration).toEqual({ concurrency: { runs: 5, maximumWaitingRuns: 50 } });
    expect(trigger).not.toHaveProperty("operationOptions");
    expect(trigger).not.toHaveProperty("conditions");
  });

  test("creates each action after those it runs after", () => {
    for (const { name, depends_on: after = [] } of Object.values(bodies)) {
      const waits = (after as readonly string[]).map((path) => String(bodies[path.split(".")[1] ?? ""]?.name));
      expect(waits.sort()).toEqual(Object.keys(actions[String(name)]?.runAfter ?? {}).sort());
    }
    expect(Object.values(actions).filter(({ runAfter }) => Object.keys(runAfter).length === 0)).toHaveLength(1);
  });

  test("keeps its address in no place but the action group's", () => {
    const text = JSON.stringify(resources);
    expect(text).not.toContain("callback_url");
    expect(text).not.toMatch(/hooks\.slack\.com|xox[a-z]-/);
  });

  test("has only expressions that Logic Apps take, and none that Terraform would", () => {
    for (const { body } of Object.values(bodies)) {
      expect(String(body)).not.toMatch(/(?<![$%])[$%]\{/);
      for (const [expression] of String(body).matchAll(/"@[^"]*"/g)) expect(expression.length).toBeLessThan(8192);
    }
  });
});

describe("by webhook", () => {
  test("both actions that touch the secret keep inputs and outputs from the history", () => {
    const { actions } = workflowOf(made);
    for (const name of ["Read_slack_address", "Post_to_slack"])
      expect(actions[name]?.runtimeConfiguration).toEqual({ secureData: { properties: ["inputs", "outputs"] } });
    expect(JSON.stringify(actions).match(/"type":"Http"/g)).toHaveLength(2);
  });

  test("the workflow's own identity may read that one secret", () => {
    expect(only(made.azurerm_logic_app_workflow).identity).toEqual({ type: "SystemAssigned" });
    expect(only(made.azurerm_role_assignment)).toMatchObject({
      scope: "/vault/secrets/slack-webhook-url",
      principal_type: "ServicePrincipal",
      principal_id: expect.stringMatching(/^\$\{azurerm_logic_app_workflow\..*\.identity\[0\]\.principal_id\}$/),
      role_definition_id: expect.stringContaining("4633458b-17de-408a-b874-0445c86b69e6"),
    });
  });
});

describe("by managed connector", () => {
  test("the workflow knows the connection, and has no way to the vault", () => {
    const workflow = only(viaConnector.azurerm_logic_app_workflow);
    const { slack } = workflowOf(viaConnector).parameters.$connections as { slack: Record<string, string> };
    expect(slack).toEqual({
      connectionId: expect.stringMatching(/^\$\{azurerm_api_connection\./),
      connectionName: expect.any(String),
      id: expect.stringMatching(/^\$\{data\.azurerm_managed_api\./),
    });
    expect(workflow.workflow_parameters).toHaveProperty(["$connections"]);
    expect(viaConnector).not.toHaveProperty("azurerm_role_assignment");
    expect(only(viaConnector.azurerm_api_connection).lifecycle).toEqual({ ignore_changes: ["parameter_values"] });
  });
});
