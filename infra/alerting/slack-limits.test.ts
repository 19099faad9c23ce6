// Tests of the checker that the tests of the message stand on: each limit is found when it is broken.
import { describe, expect, test } from "vitest";
import { slackFaults } from "./slack-limits.simulation.ts";

const plain = (text: string) => ({ type: "plain_text", text });
const section = (text: unknown) => ({ type: "section", text });
const within = (...blocks: readonly unknown[]) => ({ text: "t", attachments: [{ color: "#188038", blocks }] });
const many = (count: number) => Array.from({ length: count }, () => plain("x"));

describe("the checker of Slack's limits", () => {
  test("finds nothing in a message at them", () => {
    const fields = [...many(9), plain("x".repeat(2000))];
    const link = { type: "mrkdwn", text: "<https://example.org/?a=1&amp;b|Alert>", verbatim: true };
    expect(
      slackFaults(
        within(section(plain("x".repeat(3000))), { type: "section", fields }, { type: "context", elements: [link] }),
      ),
    ).toEqual([]);
  });

  test.each([
    ["3001 long", within(section(plain("x".repeat(3001))))],
    ["2001 long", within({ type: "section", fields: [plain("x".repeat(2001))] })],
    ["11 fields", within({ type: "section", fields: many(11) })],
    ["neither text nor fields", within({ type: "section" })],
    ["11 elements", within({ type: "context", elements: many(11) })],
    ["0 elements", within({ type: "context", elements: [] })],
    ["51 blocks", within(...Array.from({ length: 51 }, () => section(plain("x"))))],
    ["0 blocks", within()],
    ["too much", within(...Array.from({ length: 5 }, () => section(plain("x".repeat(2900)))))],
    ["is empty", within(section(plain("")))],
    ["is empty", { text: "" }],
    ["4001 long", { text: "x".repeat(4001) }],
    ["40001 long", { text: "x".repeat(40_001), channel: "#a" }],
    ["calls people", { text: "<!here>" }],
    ["calls people", { text: "<@U1>" }],
    ["half an escape", { text: "a &am" }],
    ["bare < or >", within(section(plain("a < b")))],
    ["bare < or >", { text: "<https://example.org/|Else>" }],
    ["emoji is for", within(section({ type: "mrkdwn", text: "x", emoji: false }))],
    ["verbatim is for", within(section({ ...plain("x"), verbatim: true }))],
    ["type markdown", within(section({ type: "markdown", text: "x" }))],
    ["no text object", within(section("x"))],
    ["no block actions", within({ type: "actions" })],
    ["colour red", { text: "t", attachments: [{ color: "red", blocks: [section(plain("x"))] }] }],
  ])("finds %s", (fault, message) => {
    expect(slackFaults(message).join()).toContain(fault);
  });
});
