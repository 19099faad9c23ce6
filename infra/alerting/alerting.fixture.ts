// All resources of the alerting of a stage, synthesized, and how to find an alert among them.
import { Alerting } from "./alerting.ts";
import { Availability } from "./availability.ts";
import { type AlertOverrides, alertConfig } from "./config.ts";
import { SUBSCRIPTION } from "./payloads.fixture.ts";
import { type Resources, synthesize } from "./workflow.fixture.ts";

export const noExtras = { frontDoor: false, alwaysReady: 0 };
const names = { workflow: "v", insights: "i" };
const location = { resourceGroupName: "vitae-production", location: "westeurope" };

/** All resources of the alerting, those of the stack of events too. In the profile `full`, unless it is overridden. */
export const alerting = (overrides: AlertOverrides = {}): Resources =>
  synthesize((stack) => {
    const config = alertConfig.parse({ profile: "full", ...overrides });
    if (config.availability.enabled)
      new Availability(stack, "availability", {
        location,
        names,
        config,
        groupId: "/group",
        hostName: "app.example.net",
      });
    new Alerting(stack, "alerting", {
      location,
      names,
      subscriptionId: SUBSCRIPTION,
      config,
      groupId: "/group",
      workspaceId: "/workspace",
      mediaAccountId: "/media",
      siteAccountId: "/site",
      app: { id: "/app" },
      extras: noExtras,
      vault: { id: "/vault", uri: "https://vault.example/" },
    });
  });

export type Alert = {
  readonly name: string;
  readonly description: string;
  readonly severity: number;
  readonly scopes: readonly string[];
  readonly criteria?: readonly { readonly operator: string; readonly threshold: number }[];
  readonly action: unknown;
  readonly [member: string]: unknown;
};
export const METRIC = "azurerm_monitor_metric_alert";
export const LOG = "azurerm_monitor_scheduled_query_rules_alert_v2";
export const listOf = (resources: Resources, type: string) =>
  Object.values(resources[type] ?? {}) as unknown as Alert[];
export const alertsOf = (resources: Resources) => [...listOf(resources, METRIC), ...listOf(resources, LOG)];
export const named = (resources: Resources, name: string) => {
  const found = alertsOf(resources).find((each) => each.name === `v-${name}`);
  if (!found) throw new Error(`no alert ${name}`);
  return found;
};
export const groupsOf = (resources: Resources) => Object.entries(resources.azurerm_monitor_action_group ?? {});
/** Names of the action groups that receive an alert; another stack has only the name in the id. */
export const recipients = (resources: Resources, { action }: Alert) =>
  [...JSON.stringify(action).matchAll(/azurerm_monitor_action_group\.(\w+)\.id|actionGroups\/([\w-]+)/g)].map(
    ([, id = "", name]) => name ?? resources.azurerm_monitor_action_group?.[id]?.name,
  );
export const groupId = (resources: Resources, name: string) =>
  groupsOf(resources).find(([, group]) => group.name === name)?.[0];

export const defaults = alerting();
export const lean = alerting({ profile: "lean" });
export const rules = Object.entries(alertConfig.parse({}).rules);
export const namesIn = (resources: Resources) => alertsOf(resources).map(({ name }) => name.replace(/^v-/, ""));
