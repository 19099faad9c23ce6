import { describe, expect, test } from "vitest";
import { COSTS, LOGS, notify } from "./notifier.simulation.ts";
import {
  availabilityAlert,
  commonBudget,
  LOG_RESULTS,
  logAlert,
  metricAlert,
  oldBudget,
  RUNBOOKS,
} from "./payloads.fixture.ts";
import { slackFaults } from "./slack-limits.simulation.ts";

const ALERT_PAGE =
  "https://portal.azure.com/#blade/Microsoft_Azure_Monitoring_Alerts/AlertDetails.ReactView/alertId/%2Fsubscriptions%2F11111111-1111-1111-1111-111111111111%2Fproviders%2FMicrosoft.AlertsManagement%2Falerts%2F22222222-2222-2222-2222-222222222222";

const markup = (text: string) => ({ type: "mrkdwn", text, verbatim: true });
const plain = (text: string) => ({ type: "plain_text", text, emoji: false });

type Shown = {
  readonly headline: string;
  readonly color: string;
  readonly what: string;
  /** Rule, severity, when, measured. */
  readonly fields: readonly [string, string, string, string];
  readonly links: readonly string[];
};

/** The whole of what Slack must be sent. */
function message({ headline, color, what, fields, links }: Shown) {
  const [rule, severity, when, measured] = fields;
  return {
    text: headline,
    attachments: [
      {
        color,
        fallback: headline,
        blocks: [
          { type: "section", text: plain(what) },
          {
            type: "section",
            fields: [
              markup("*Rule*"),
              plain(rule),
              markup("*Severity*"),
              plain(severity),
              markup("*When*"),
              plain(when),
              markup("*Measured*"),
              plain(measured),
              markup("*Stage*"),
              plain("production"),
            ],
          },
          { type: "context", elements: links.map(markup) },
        ],
      },
    ],
  };
}

const executions = {
  headline: ":rotating_light: Fired: vitae-executions",
  color: "#D93025",
  what: "Executions in an hour, far above what visits explain.",
  fields: [
    "vitae-executions",
    "Sev1",
    "2026-11-21 11:58 UTC",
    "OnDemandFunctionExecutionCount: 31110.5; alert above 10000 (Total over PT1H)",
  ],
  links: [`<${ALERT_PAGE}|Alert>`, `<${LOGS}|Logs>`, `<${RUNBOOKS}#alert-executions|Runbook>`],
} as const;

async function posted(payload: unknown) {
  const { run, messages } = await notify(payload);
  expect(run).toMatchObject({ status: "Succeeded" });
  expect(messages).toHaveLength(1);
  expect(slackFaults(messages[0])).toEqual([]);
  return messages[0];
}

describe("what reaches Slack, whole", () => {
  test("of a metric alert that fired", async () => {
    expect(await posted(metricAlert())).toEqual(message(executions));
  });

  test("of the same one resolved: green, and from when to when", async () => {
    const resolved = { monitorCondition: "Resolved", resolvedDateTime: "2026-11-21T12:13:16.2246313Z" };
    expect(await posted(metricAlert(resolved))).toEqual(
      message({
        ...executions,
        headline: ":white_check_mark: Resolved: vitae-executions",
        color: "#188038",
        fields: [executions.fields[0], "Sev1", "2026-11-21 11:58 UTC to 2026-11-21 12:13 UTC", executions.fields[3]],
      }),
    );
  });

  test("of a log alert, with the link to the very rows", async () => {
    expect(await posted(logAlert())).toEqual(
      message({
        headline: ":rotating_light: Fired: vitae-server-errors",
        color: "#D93025",
        what: "More than 1 % of the answers are 500 or above.",
        fields: [
          "vitae-server-errors",
          "Sev1",
          "2026-11-21 11:58 UTC",
          "share: 2.5; alert above 1 (Maximum over PT30M)",
        ],
        links: [
          executions.links[0],
          `<${LOG_RESULTS.replace("&", "&amp;")}|Logs>`,
          `<${RUNBOOKS}#alert-server-errors|Runbook>`,
        ],
      }),
    );
  });

  test("of a log alert that resolved, which has no measured value any more", async () => {
    const resolved = logAlert(
      { monitorCondition: "Resolved" },
      { metricValue: null, linkToFilteredSearchResultsUI: null },
    );
    expect(await posted(resolved)).toEqual(
      message({
        headline: ":white_check_mark: Resolved: vitae-server-errors",
        color: "#188038",
        what: "More than 1 % of the answers are 500 or above.",
        fields: [
          "vitae-server-errors",
          "Sev1",
          "2026-11-21 11:58 UTC to not given",
          "share: no value; alert above 1 (Maximum over PT30M)",
        ],
        links: [executions.links[0], `<${LOGS}|Logs>`, `<${RUNBOOKS}#alert-server-errors|Runbook>`],
      }),
    );
  });

  test("of the availability test, whose description names no runbook", async () => {
    expect(await posted(availabilityAlert)).toEqual(
      message({
        headline: ":rotating_light: Fired: vitae-ready-check",
        color: "#8B0000",
        what: "Not ready.",
        fields: [
          "vitae-ready-check",
          "Sev0",
          "2026-11-21 11:58 UTC",
          "Failed Location: 2; alert above 1 (Sum over PT30M)",
        ],
        links: [executions.links[0], `<${LOGS}|Logs>`, `<${RUNBOOKS}|Runbook>`],
      }),
    );
  });

  test("of a budget in the common schema, whose essentials are null", async () => {
    const page = ALERT_PAGE.replace(/AlertsManagement%2Falerts%2F.*/, "CostManagement%2Falerts%2Fvitae");
    expect(await posted(commonBudget)).toEqual(
      message({
        headline: ":rotating_light: Fired: Budget vitae",
        color: "#F29900",
        what: "Your spend for budget vitae is now $11.11 exceeding your specified threshold $8.00.",
        fields: ["Budget vitae", "none", "2026-11-20 21:13 UTC", "$11.11; alert above $8.00 (Actual)"],
        links: [`<${page}|Alert>`, `<${COSTS}|Costs>`, `<${RUNBOOKS}#alert-budget|Runbook>`],
      }),
    );
  });

  test("of a budget in its own schema, which has no time: that of the run", async () => {
    expect(await posted(oldBudget)).toEqual(
      message({
        headline: ":rotating_light: Fired: Budget vitae",
        color: "#F29900",
        what: "The budget of rg-vitae-production is 10 USD",
        fields: ["Budget vitae", "none", "2026-11-21 12:00 UTC", "11.32 USD; alert above 8.0 USD"],
        links: [`<${COSTS}|Alert>`, `<${COSTS}|Costs>`, `<${RUNBOOKS}#alert-budget|Runbook>`],
      }),
    );
  });

  test("of an alert with nothing but what the schema requires", async () => {
    const { alertId, alertRule, severity, monitorCondition, firedDateTime } = metricAlert().data.essentials;
    const essentials = { alertId, alertRule, severity, monitorCondition, firedDateTime };
    expect(await posted({ schemaId: "azureMonitorCommonAlertSchema", data: { essentials } })).toEqual(
      message({
        ...executions,
        what: "–",
        fields: [
          "vitae-executions",
          "Sev1",
          "2026-11-21 11:58 UTC",
          "rows: no value; alert at no threshold (measured over its window)",
        ],
        links: [executions.links[0], `<${LOGS}|Logs>`, `<${RUNBOOKS}|Runbook>`],
      }),
    );
  });

  test("of an alert through the managed connector: one text", async () => {
    const { run, messages, asked } = await notify(metricAlert(), {
      connection: "managed-connector",
      slack: [{ status: 200, body: '{"ok":true}', type: "application/json" }],
    });
    expect(run.status).toBe("Succeeded");
    expect(asked).toEqual([]);
    expect(slackFaults(messages[0])).toEqual([]);
    expect(messages).toEqual([
      {
        channel: "#alerts",
        text: [
          executions.headline,
          executions.what,
          `*Severity* Sev1`,
          `*When* 2026-11-21 11:58 UTC`,
          `*Measured* ${executions.fields[3]}`,
          `*Stage* production`,
          executions.links.join(" · "),
        ].join("\n"),
        parse: "none",
        link_names: false,
        unfurl_links: false,
      },
    ]);
  });
});

describe("names that are hostile", () => {
  const hostile = `"it's" <!channel> <@U1|you> & *b* \`c\` _d_ ~e~ @here\r\n@{triggerBody()} ''@x`;
  const escaped = `"it's" &lt;!channel&gt; &lt;@U1|you&gt; &amp; *b* \`c\` _d_ ~e~ @here @{triggerBody()} ''@x`;
  const inert = `"it's" &lt;!channel&gt; &lt;＠U1|you&gt; &amp; ∗b∗ ˋcˋ ˍdˍ ∼e∼ ＠here ＠{triggerBody()} ''＠x`;

  test("quotes, line breaks, expressions and Slack's markup stay text and call nobody", async () => {
    const sent = await posted(metricAlert({ alertRule: hostile, description: hostile }));
    expect(sent.text).toBe(`:rotating_light: Fired: ${inert}`);
    expect(sent.attachments[0].fallback).toBe(sent.text);
    expect(sent.attachments[0].blocks[0].text).toEqual(plain(escaped));
    expect(sent.attachments[0].blocks[1].fields[1]).toEqual(plain(escaped));
  });

  test("also where the connector can send markup only", async () => {
    const { messages } = await notify(metricAlert({ alertRule: hostile, description: hostile }), {
      connection: "managed-connector",
      slack: [{ status: 200, body: '{"ok":true}', type: "application/json" }],
    });
    expect(messages[0].text.split("\n").slice(0, 2)).toEqual([`:rotating_light: Fired: ${inert}`, inert]);
    expect(slackFaults(messages[0])).toEqual([]);
  });

  test.each(["&", "<", "é", "\n", "🙂"])("very long ones of %j are cut to what Slack takes", async (sign) => {
    const long = sign.repeat(5000);
    const sent = await posted(
      logAlert(
        { alertRule: long, description: long, severity: long },
        { metricMeasureColumn: long, linkToFilteredSearchResultsUI: `https://portal.azure.com/${long}` },
      ),
    );
    const [what, { fields }, links] = sent.attachments[0].blocks;
    if (sign !== "\n") expect([what.text.text.endsWith("…"), fields[1].text.endsWith("…")]).toEqual([true, true]);
    expect(links.elements[1].text).toBe(`<${LOGS}|Logs>`);
  });

  test.each([
    ["javascript:alert(1)", RUNBOOKS],
    ["https://example.org/|x>&<!here>", "https://example.org/%7Cx%3E&amp;%3C!here%3E"],
  ])("a runbook at %s becomes one at %s", async (runbook, shown) => {
    const sent = await posted(metricAlert({ description: `What. Runbook: ${runbook}` }));
    expect(sent.attachments[0].blocks[2].elements[2]).toEqual(markup(`<${shown}|Runbook>`));
  });

  test("a time that is not UTC is shown as it came", async () => {
    const sent = await posted(metricAlert({ firedDateTime: "2026-11-21T11:58:24+01:00" }));
    expect(sent.attachments[0].blocks[1].fields[5]).toEqual(plain("2026-11-21T11:58:24+01:00"));
  });
});
