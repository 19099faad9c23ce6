// One Slack message out of the facts of an alert: workflow expressions for a webhook and for the managed connector.
import type { Facts } from "./facts.ts";
import { call, either, member, orElse, parameter, text, value, within } from "./workflow-language.ts";

/** The workflow's variable with the facts of the alert at hand. */
export const FACTS = "facts";

// Lengths before escaping, which makes of a character five at most (`&amp;`): cut before, no escape is cut in two, and
// all together stay below what Slack takes in the blocks of one message, 13,000 characters.
// https://docs.slack.dev/reference/block-kit/composition-objects/text-object
const RULE = 200;
const WHAT = 300;
const SHORT = 80;
const MEASURED = 200;
/** A link has its name beside it, and cannot be cut at all. */
const LINK = 2000;

const fact = (name: keyof Facts) => orElse(member(call("variables", text(FACTS)), name), text(""));

const swap = (of: string, ...pairs: readonly (readonly [string, string])[]) =>
  pairs.reduce((inner, [from, to]) => call("replace", inner, from, to), of);
const swapText = (of: string, ...pairs: readonly (readonly [string, string])[]) =>
  swap(of, ...pairs.map(([from, to]) => [text(from), text(to)] as const));

/** One line, cut, with the three characters that Slack reads everywhere escaped. Slack refuses empty texts. */
function plain(foreign: string, longest: number) {
  const oneLine = swap(
    foreign,
    [call("decodeUriComponent", text("%0D")), text("")],
    [call("decodeUriComponent", text("%0A")), text(" ")],
  );
  const cut = call(
    "concat",
    call("take", oneLine, longest),
    either(call("greater", call("length", oneLine), longest), text("…"), text("")),
  );
  const escaped = swapText(cut, ["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"]);
  return either(call("empty", call("trim", oneLine)), text("–"), escaped);
}

/** Slack has no escape for its own markup, so these become characters that look like them and do nothing. */
const inert = (foreign: string, longest: number) =>
  swapText(plain(foreign, longest), ["*", "∗"], ["_", "ˍ"], ["~", "∼"], ["`", "ˋ"], ["@", "＠"]);

/** `<address|name>`; an address that is none, or longer than Slack takes, is replaced by one of ours. */
function link(address: string, otherwise: string, name: string) {
  const safe = swapText(address, ["&", "&amp;"], ["<", "%3C"], [">", "%3E"], ["|", "%7C"]);
  const usable = call(
    "and",
    call("startsWith", safe, text("https://")),
    call("lessOrEquals", call("length", safe), LINK),
  );
  return call("concat", text("<"), either(usable, safe, otherwise), text("|"), name, text(">"));
}

const links = [
  link(fact("alert"), parameter("logs"), text("Alert")),
  link(fact("logs"), parameter("logs"), fact("logsName")),
  link(fact("runbook"), parameter("runbooks"), text("Runbook")),
] as const;

const sign = either(
  call("equals", fact("state"), text("Resolved")),
  text(":white_check_mark:"),
  text(":rotating_light:"),
);
const headline = `${within(sign)} ${within(fact("state"))}: ${within(inert(fact("rule"), RULE))}`;

// Verbatim: Slack makes no mention and no link of anything that only looks like one.
const markup = (content: string) => ({ type: "mrkdwn", text: content, verbatim: true });
const foreignText = (name: keyof Facts, longest: number) => ({
  type: "plain_text",
  text: value(plain(fact(name), longest)),
  emoji: false,
});

/**
 * The body for an incoming webhook. The text above is what a notification shows; the rest has the colour beside it.
 * Names come as plain text, in which markup is no markup. Links are text, not buttons: those want an app that answers.
 */
export const webhookMessage = {
  text: headline,
  attachments: [
    {
      color: value(fact("colour")),
      fallback: headline,
      blocks: [
        { type: "section", text: foreignText("what", WHAT) },
        {
          type: "section",
          fields: [
            markup("*Rule*"),
            foreignText("rule", RULE),
            markup("*Severity*"),
            foreignText("severity", SHORT),
            markup("*When*"),
            foreignText("when", SHORT),
            markup("*Measured*"),
            foreignText("measured", MEASURED),
            markup("*Stage*"),
            { type: "plain_text", text: value(parameter("stage")), emoji: false },
          ],
        },
        { type: "context", elements: links.map((one) => markup(value(one))) },
      ],
    },
  ],
};

/** The managed connector takes one text and neither blocks nor colours. */
export const connectorMessage = {
  channel: value(parameter("channel")),
  text: [
    headline,
    within(inert(fact("what"), WHAT)),
    `*Severity* ${within(inert(fact("severity"), SHORT))}`,
    `*When* ${within(inert(fact("when"), SHORT))}`,
    `*Measured* ${within(inert(fact("measured"), MEASURED))}`,
    `*Stage* ${within(parameter("stage"))}`,
    links.map(within).join(" · "),
  ].join("\n"),
  parse: "none",
  link_names: false,
  unfurl_links: false,
};
