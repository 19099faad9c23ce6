// For tests: what Slack documents that it refuses in the body of a message, found by walking the whole body.
// https://docs.slack.dev/reference/block-kit/blocks and /reference/block-kit/composition-objects/text-object

type Json = unknown;
const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);

/** The only markup of that kind that is ours. */
const LINK = /<https:\/\/[^|<>\s]+\|(?:Alert|Logs|Costs|Runbook)>/g;
const MENTION = /<!(?:channel|here|everyone|subteam)|<@|<#/;

function textFaults(value: Json, longest: number, where: string): string[] {
  if (!isObject(value)) return [`${where} is no text object`];
  const { type, text, emoji, verbatim } = value;
  const faults: string[] = [];
  if (type !== "plain_text" && type !== "mrkdwn") faults.push(`${where} has the type ${type}`);
  if (emoji !== undefined && type !== "plain_text") faults.push(`${where}: emoji is for plain_text only`);
  if (verbatim !== undefined && type !== "mrkdwn") faults.push(`${where}: verbatim is for mrkdwn only`);
  if (typeof text !== "string" || text.length < 1) return [...faults, `${where} is empty`];
  if (text.length > longest) faults.push(`${where} is ${text.length} long, ${longest} at most`);
  if (MENTION.test(text)) faults.push(`${where} calls people: ${text}`);
  if (/&(?!amp;|lt;|gt;)/.test(text)) faults.push(`${where} has a bare & or half an escape: ${text}`);
  if (/[<>]/.test(type === "mrkdwn" ? text.replaceAll(LINK, "") : text))
    faults.push(`${where} has a bare < or >: ${text}`);
  return faults;
}

function blockFaults(block: Json, where: string): string[] {
  if (!isObject(block)) return [`${where} is no block`];
  if (block.type === "section") {
    const fields = listOf(block.fields);
    return [
      ...(block.text === undefined && fields.length === 0 ? [`${where} has neither text nor fields`] : []),
      ...(block.text === undefined ? [] : textFaults(block.text, 3000, `${where}.text`)),
      ...(fields.length > 10 ? [`${where} has ${fields.length} fields, 10 at most`] : []),
      ...fields.flatMap((field, at) => textFaults(field, 2000, `${where}.fields[${at}]`)),
    ];
  }
  if (block.type !== "context") return [`${where}: the checker knows no block ${block.type}`];
  const elements = listOf(block.elements);
  return [
    ...(elements.length < 1 || elements.length > 10 ? [`${where} has ${elements.length} elements, 1 to 10`] : []),
    ...elements.flatMap((element, at) => textFaults(element, 3000, `${where}.elements[${at}]`)),
  ];
}

function attachmentFaults(attachment: Json, where: string): string[] {
  if (!isObject(attachment)) return [`${where} is no attachment`];
  const blocks = listOf(attachment.blocks);
  return [
    ...(/^#[0-9A-F]{6}$/i.test(String(attachment.color)) ? [] : [`${where} has the colour ${attachment.color}`]),
    ...(blocks.length < 1 || blocks.length > 50 ? [`${where} has ${blocks.length} blocks, 1 to 50`] : []),
    ...(JSON.stringify(blocks).length > 13_000 ? [`${where} has too much in its blocks`] : []),
    ...blocks.flatMap((block, at) => blockFaults(block, `${where}.blocks[${at}]`)),
  ];
}

/** Everything in a message that is beyond a documented limit, in words; empty when there is nothing. */
export function slackFaults(message: Json): string[] {
  if (!isObject(message)) return ["The message is no object"];
  const { text, attachments = [], channel } = message;
  // A webhook's text is a notification; the connector's has everything in it.
  const longest = channel === undefined ? 4000 : 40_000;
  return [
    ...textFaults({ type: "mrkdwn", text }, longest, "text"),
    ...listOf(attachments).flatMap((attachment, at) => attachmentFaults(attachment, `attachments[${at}]`)),
  ];
}
