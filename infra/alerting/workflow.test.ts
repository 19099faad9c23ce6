import { describe, expect, it } from "vitest";
import { descriptionOf, descriptions, slugOf, titleOf } from "./descriptions.ts";
import { codeOf } from "./kinds.ts";
import { Notifier } from "./notifier.ts";
import { alertPayload, budgetPayload, logPayload, PORTAL_LINK, RUNBOOKS } from "./payloads.fixture.ts";
import { logRuleNames } from "./queries.ts";
import { notifierProps, type Resources, slackText, synthesize, workflowOf } from "./workflow.fixture.ts";

const lines = (payload: unknown) => slackText(payload).trimEnd().split("\n");

describe("Slack message", () => {
  it("shows title, state, severity, time, description and runbook of a fired alert", () => {
    expect(lines(alertPayload())).toEqual([
      ":rotating_light: Fired: vitae-executions",
      "Sev1, 2026-11-21 11:58 UTC",
      `Too many executions. Runbook: ${RUNBOOKS}#alert-executions`,
      "Measured 31110.5, threshold 10000",
    ]);
  });

  it("names each kind of problem whose code is in the number of a lean rule, with its runbook and the rows", () => {
    const kinds = [1, 2, 32].join("|");
    expect(kinds).toBe([codeOf("serverErrors"), codeOf("storeUnavailable"), codeOf("thumbnailGivenUp")].join("|"));
    const payload = logPayload("incidents", { metricMeasureColumn: "code", metricValue: 35.0, threshold: "0" });
    expect(lines(payload)).toEqual([
      ":rotating_light: Fired: vitae-production-abcde-incidents",
      "Sev1, 2026-11-21 11:58 UTC",
      `• *Server errors*: ${descriptions.serverErrors} <${RUNBOOKS}#alert-server-errors|Runbook>`,
      `• *Store unavailable*: ${descriptions.storeUnavailable} <${RUNBOOKS}#alert-store-unavailable|Runbook>`,
      `• *Thumbnail given up*: ${descriptions.thumbnailGivenUp} <${RUNBOOKS}#alert-thumbnail-given-up|Runbook>`,
      `<${PORTAL_LINK}|See the numbers in the portal>`,
    ]);
  });

  it.each(logRuleNames)("names %s, and no other kind, for its code alone", (name) => {
    const criterion = { metricMeasureColumn: "code", metricValue: codeOf(name), threshold: "0" };
    const kinds = lines(logPayload("incidents", criterion)).filter((line) => line.startsWith("•"));
    expect(kinds).toEqual([`• *${titleOf(name)}*: ${descriptions[name]} <${RUNBOOKS}#alert-${slugOf(name)}|Runbook>`]);
  });

  it("shows the description of a lean rule when the number is missing", () => {
    const payload = logPayload("incidents", { metricMeasureColumn: "code", metricValue: 0, threshold: "0" });
    expect(lines(payload).slice(2)).toEqual([
      `Too many executions. Runbook: ${RUNBOOKS}#alert-executions`,
      `<${PORTAL_LINK}|See the numbers in the portal>`,
    ]);
  });

  it.each([3, null, "NaN"])("shows of a resolved lean rule that no kind is left, with %j as its number", (number) => {
    const resolved = { monitorCondition: "Resolved", resolvedDateTime: "2026-11-21T12:43:16.2246313Z" };
    const criterion = { metricMeasureColumn: "code", metricValue: number as number, threshold: "0" };
    expect(lines(logPayload("incidents", criterion, resolved))).toEqual([
      ":white_check_mark: Resolved: vitae-production-abcde-incidents",
      "Sev1, 2026-11-21 12:43 UTC",
      "No kind of problem is above its threshold any more.",
    ]);
  });

  it("shows number, threshold and rows of a log rule of the full profile", () => {
    const description = descriptionOf("counterDuration", RUNBOOKS);
    const criterion = { metricMeasureColumn: "measured", metricValue: 1812.4, threshold: "1000" };
    expect(lines(logPayload("counter-duration", criterion, { description })).slice(2)).toEqual([
      description,
      "Measured 1812.4, threshold 1000",
      `<${PORTAL_LINK}|See the numbers in the portal>`,
    ]);
  });

  it.each([
    `https://evil.example/${PORTAL_LINK}`,
    "https://portal.azure.com.evil.example/",
    `${PORTAL_LINK}${"a".repeat(8_000)}`,
    null,
  ])("leaves out a link to the rows that is not of the portal, too long or missing", (link) => {
    const payload = logPayload("incidents", { metricMeasureColumn: "code", metricValue: 1, threshold: "0" });
    Object.assign(payload.data.alertContext.condition.allOf[0] ?? {}, { linkToSearchResultsUI: link });
    expect(slackText(payload)).not.toContain("See the numbers");
  });

  it("has no expression above the 8,192 characters that Azure accepts", () => {
    const { text } = propertiesOf(webhook).definition.actions.Post_to_slack.inputs.body;
    for (const [expression] of text.matchAll(/@\{.*?\}/g)) expect(expression.length).toBeLessThan(8192);
  });

  it("shows a resolved alert as resolved, with the time of its resolution", () => {
    const resolved = { monitorCondition: "Resolved", resolvedDateTime: "2026-11-21T12:13:16.2246313Z" };
    expect(lines(alertPayload(resolved))).toEqual([
      ":white_check_mark: Resolved: vitae-executions",
      "Sev1, 2026-11-21 12:13 UTC",
      `Too many executions. Runbook: ${RUNBOOKS}#alert-executions`,
    ]);
  });

  it("shows the name of a budget and links its runbook", () => {
    expect(lines(budgetPayload)).toEqual([
      ":rotating_light: Fired: vitae",
      "No severity, 2026-11-20 21:13 UTC",
      "Your spend for budget vitae is now $11.11 exceeding your specified threshold $8.00.",
      `Runbook: ${RUNBOOKS}#alert-budget`,
    ]);
  });

  it("links the runbooks when the description names none", () => {
    expect(lines(alertPayload({ description: "The checks failed." })).slice(2)).toEqual([
      "The checks failed.",
      "Measured 31110.5, threshold 10000",
      `Runbook: ${RUNBOOKS}`,
    ]);
  });

  it.each([[{}], [{ data: {} }], [{ data: { essentials: null } }]])(
    "reports a payload without fields: %j",
    (payload) => {
      expect(lines(payload)).toEqual([
        ":rotating_light: Fired: Alert",
        "No severity, 2026-11-21 12:00 UTC",
        "No description",
        `Runbook: ${RUNBOOKS}`,
      ]);
    },
  );

  it("escapes the characters from which Slack makes links and mentions", () => {
    const hostile = `<!channel> <@U1|you> & "it's" @{triggerBody()}`;
    const escaped = `&lt;!channel&gt; &lt;@U1|you&gt; &amp; "it's" @{triggerBody()}`;
    const [title, , description] = lines(alertPayload({ alertRule: hostile, description: hostile }));
    expect([title, description]).toEqual([`:rotating_light: Fired: ${escaped}`, escaped]);
  });

  it("stays below Slack's 40,000 characters when every field is very long", () => {
    const long = "&".repeat(50_000);
    const fields = { alertRule: long, severity: long, firedDateTime: long, description: long };
    expect(slackText(alertPayload(fields)).length).toBeLessThan(40_000);
  });
});

const only = <T>(of: Readonly<Record<string, T>> | undefined): T => {
  const values = Object.values(of ?? {});
  if (values.length !== 1) throw new Error(`Expected one resource, received ${values.length}`);
  return values[0] as T;
};
const webhook = synthesize((stack) => new Notifier(stack, "notifier", notifierProps));
const connector = synthesize(
  (stack) => new Notifier(stack, "notifier", { ...notifierProps, connection: "managed-connector" }),
);
const propertiesOf = (resources: Resources) => workflowOf(resources).body.properties;

describe("workflow", () => {
  it.each([
    ["webhook", webhook],
    ["managed connector", connector],
  ])("runs at most five messages at once and rejects no payload with a %s", (_, resources) => {
    const { Alert } = propertiesOf(resources).definition.triggers;
    expect(Alert?.runtimeConfiguration).toEqual({ concurrency: { runs: 5, maximumWaitingRuns: 50 } });
    expect(Alert?.inputs).toEqual({ method: "POST", schema: {} });
    expect(Alert).not.toHaveProperty("conditions");
  });

  it("keeps the webhook's URL out of the run history", () => {
    const { actions } = propertiesOf(webhook).definition;
    for (const action of [actions.Read_slack_url, actions.Post_to_slack])
      expect(action.runtimeConfiguration).toEqual({ secureData: { properties: ["inputs", "outputs"] } });
    expect(JSON.stringify(webhook).match(/"type":"Http"/g)).toHaveLength(2);
  });

  it("has an identity that may read only the webhook's secret, before the workflow exists", () => {
    const id = expect.stringMatching(/^\$\{azurerm_user_assigned_identity\..*\.id\}$/);
    expect(only(webhook.azurerm_role_assignment)).toMatchObject({
      scope: "/vault/secrets/slack-webhook-url",
      principal_type: "ServicePrincipal",
      principal_id: expect.stringMatching(/^\$\{azurerm_user_assigned_identity\..*\.principal_id\}$/),
      role_definition_id: expect.stringContaining("4633458b-17de-408a-b874-0445c86b69e6"),
    });
    expect(workflowOf(webhook)).toMatchObject({
      identity: [{ type: "UserAssigned", identity_ids: [id] }],
      depends_on: [expect.stringMatching(/^azurerm_role_assignment\./)],
    });
    expect(propertiesOf(webhook).definition.actions.Read_slack_url.inputs.authentication.identity).toEqual(id);
  });

  it("posts the same text through the managed connector, and reads no secret", () => {
    const { definition, parameters } = propertiesOf(connector);
    const { body } = definition.actions.Post_to_slack.inputs;
    expect(body).toMatchObject({ channel: "#alerts", link_names: false });
    expect(slackText(alertPayload(), body.text)).toBe(slackText(alertPayload()));
    expect(parameters).toMatchObject({
      $connections: { value: { slack: { connectionId: expect.stringMatching(/^\$\{azurerm_api_connection\./) } } },
    });
    expect(only(connector.azurerm_api_connection).lifecycle).toEqual({ ignore_changes: ["parameter_values"] });
    expect(connector).not.toHaveProperty("azurerm_role_assignment");
  });

  it("contains no webhook URL and no callback URL", () => {
    for (const resources of [webhook, connector])
      expect(JSON.stringify(resources)).not.toMatch(/hooks\.slack\.com|xox[a-z]-|callback_url/);
  });
});
