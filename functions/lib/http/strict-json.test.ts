// JSON that two readers could understand differently is rejected; all other JSON equals the result of JSON.parse.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppError } from "../errors.ts";
import { parseStrictJson } from "./strict-json.ts";

function outcome(body: string | Uint8Array): unknown {
  try {
    return { value: parseStrictJson(typeof body === "string" ? new TextEncoder().encode(body) : body) };
  } catch (error) {
    const { code, details, message } = error as AppError;
    return { code, message, places: details?.map(({ path }) => path) };
  }
}
const code = "VALIDATION_FAILED";

describe("parseStrictJson", () => {
  it("returns the same as JSON.parse, whatever the spacing and escapes", () => {
    const text = fc.oneof(
      fc.json(),
      fc.jsonValue({ maxDepth: 6 }).map((value) => JSON.stringify(value, null, 2)),
    );
    fc.assert(
      fc.property(text, (json) => {
        // fc.json generates any keys and strings; rejected ones have a test of their own.
        fc.pre(!/\\u(?:0000|d[89a-f])/i.test(json));
        expect(outcome(json)).toEqual({ value: JSON.parse(json) });
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, string[]]>([
    ['{"a":1,"a":1}', ["body.a"]],
    ['{"a":1,"\\u0061":2}', ["body.a"]],
    ['{"a":{"b":1,"b":2},"c":[0,{"d":1,"e":1,"d":2}]}', ["body.a.b", "body.c.1.d"]],
    ['{"__proto__":1,"__proto__":2}', ["body.__proto__"]],
    ['{"":1,"":2}', ["body."]],
    ['[{"a":1,"a":2,"a":3}]', ["body.0.a", "body.0.a"]],
  ])("rejects a repeated key and names it: %s", (json, places) => {
    expect(outcome(json)).toMatchObject({ code, places });
  });

  it("accepts the same key in different objects", () => {
    const value = { a: { a: { a: 1 } }, b: [{ a: 1 }, { a: 1 }] };
    expect(outcome(JSON.stringify(value))).toEqual({ value });
  });

  it.each([
    ['{"a":["x","\\ud800"]}', "body.a.1"],
    ['{"a":"\\udc00\\ud800"}', "body.a"],
    ['{"\\udfff":1}', "body.\udfff"],
    ['"\\u0000"', "body"],
    ['{"a":{"b\\u0000":1}}', "body.a.b\0"],
  ])("rejects an unpaired surrogate or U+0000: %s", (json, place) => {
    expect(outcome(json)).toMatchObject({ code, places: [place] });
  });

  it("accepts any complete character, escaped or not, and a byte order mark", () => {
    expect(outcome('\ufeff{"a":"\\ud83d\\ude00 😀 \\u0001 \\ufffe"}')).toEqual({ value: { a: "😀 😀 \u0001 \ufffe" } });
  });

  it.each<[string, number[]]>([
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["a surrogate in bytes", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["an invalid byte", [0x22, 0xff, 0x22]],
    ["an incomplete character", [0x22, 0xc3]],
  ])("rejects %s as invalid UTF-8", (_, bytes) => {
    expect(outcome(Uint8Array.from(bytes))).toMatchObject({ code, message: expect.stringContaining("UTF-8") });
    // The decoder keeps no state for the next body.
    expect(outcome('"é"')).toEqual({ value: "é" });
  });

  it.each([
    ['{"password":"hunter2"', "line 1, column 22"],
    ['{"password":hunter2}', "line 1, column 13"],
    ["{\n'password': 1}", "line 2, column 1"],
    ["hunter2", "line 1, column 1"],
    ["// hunter2\n{}", "line 1, column 1"],
    ['{"a":1,}', "line 1, column 8"],
    ["[1 2]", "line 1, column 4"],
    ['"hunter2\n"', "line 1, column 1"],
    ["NaN", "line 1, column 1"],
    ["{}{}", "line 1, column 3"],
  ])("reports the position of a syntax error, but not the text: %j", (text, place) => {
    const found = outcome(text);
    expect(found).toMatchObject({
      code,
      message: `body must be JSON, received something else: see ${place}.`,
      places: ["body"],
    });
  });

  const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);
  it.each([
    ["arrays", nested("[", "]", 32_767)],
    ["objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
    ["both", nested('[{"a":[', "]}]", 7_000)],
    ["33 arrays", nested("[", "]", 33)],
  ])("rejects too many levels with one issue: %s", (_, json) => {
    expect(outcome(json)).toMatchObject({ code, places: ["body"], message: expect.stringContaining("at most 32") });
  });

  it("accepts 32 levels, and many values on one level", () => {
    expect(outcome(nested("[", "]", 32))).toHaveProperty("value");
    expect(outcome(`[${"[[]],".repeat(10_000)}[]]`)).toHaveProperty("value");
  });

  it("returns numbers as JavaScript reads them", () => {
    expect(outcome("[1e400,-1e400,1000000000000000000000000000000,-0]")).toEqual({
      value: [Infinity, -Infinity, 1e30, -0],
    });
  });
});
