// Tests of the evaluator that the tests of the workflow stand on: what it knows, and that it refuses the rest.
import { describe, expect, test } from "vitest";
import { fill, LONGEST_EXPRESSION } from "./workflow-language.simulation.ts";
import { call, member, payload, text, value, within } from "./workflow-language.ts";

const around = {
  triggerBody: { a: { b: null, "it's": 1, list: [], text: "x" } },
  parameters: { stage: "production" },
  variables: {},
  outputs: { Message: { text: "t" } },
  bodies: {},
  now: new Date("2026-11-21T12:00:00Z"),
};

describe("an expression of the workflow's language", () => {
  test.each([
    ["@triggerBody()?['a']?['it''s']", 1],
    ["@triggerBody()?['a']?['b']?['c']?.d", null],
    ["@triggerBody()['a']['text']", "x"],
    ["@outputs('Message')", { text: "t" }],
    ["@if(equals(triggerBody()?['a']?['b'], null), 'none', 'some')", "none"],
    ["@Coalesce(null, triggerBody()?['nothing'], 'c')", "c"],
    ["a @{parameters('stage')} b @{triggerBody()?['a']?['b']}|@{outputs('Message')}", 'a production b |{"text":"t"}'],
    ["@{concat('}', '@{')}", "}@{"],
    ["@@here", "@here"],
    ["a@b", "a@b"],
    ["@take('abc', 9)", "abc"],
    ["@first(triggerBody()['a']['list'])", null],
    ["@first(json('[2]'))", 2],
    ["@string(2.5)", "2.5"],
    ["@equals('1', 1)", false],
    ["@uriComponent('/a (b)')", "%2Fa%20%28b%29"],
    ["@replace('a.a', '.', '$&')", "a$&a"],
    ["@utcNow()", "2026-11-21T12:00:00.0000000Z"],
  ])("%s gives %j", (template, expected) => {
    expect(fill(template, around)).toEqual(expected);
  });

  test("keeps its type as a whole field, at any depth", () => {
    expect(fill({ list: ["@equals(1, 1)", 7] }, around)).toEqual({ list: [true, 7] });
  });

  test.each([
    ["@triggerBody()['a']['nothing']", "no member nothing"],
    ["@triggerBody()?['a']?['text']?['x']", "has no member x"],
    ["@parameters('nothing')", "does not exist"],
    ["@toLower(null)", "wants a string"],
    ["@if('true', 1, 2)", "wants a boolean"],
    ["@length(null)", "wants a string or an array"],
    ["@replace('a', '', 'b')", "something to look for"],
    ["@concat('a', 1)", "wants a string"],
    ["@substring('a', 0, 9)", "knows no function substring"],
    ["@concat('a' 'b')", "expected"],
    ["@concat('a'", "expected"],
    ["@concat('a') 'b'", "too much"],
    ["@equals(1)", "does not take 1 arguments"],
    ["@'a", "Not an expression"],
    ["@{concat('a')", "without its end"],
    [`@concat('${"a".repeat(LONGEST_EXPRESSION)}')`, "too long"],
  ])("%s is refused: %s", (template, message) => {
    expect(() => fill(template, around)).toThrow(message);
  });

  test("that is put together keeps quotes inside its texts", () => {
    expect(payload("it's")).toBe("triggerBody()?['it''s']");
    expect(fill(value(call("concat", text("it's "), member("triggerBody()", "a", "text"))), around)).toBe("it's x");
    expect(fill(`<${within(text("'}@{"))}>`, around)).toBe("<'}@{>");
  });
});
