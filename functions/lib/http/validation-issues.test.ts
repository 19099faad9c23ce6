// Validation messages: the place, the rule, the received value and the fix, without secrets.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { AppError } from "../errors.ts";
import { check, placeOf, throwValidationError } from "./validation-issues.ts";

const issuesOf = (schema: z.ZodType, value: unknown, example?: unknown) =>
  check({ part: "body", schema, value, example }).issues;
const firstMessage = (schema: z.ZodType, value: unknown, example?: unknown) =>
  issuesOf(schema, value, example)[0]?.message;
const link = z.strictObject({ variant: z.enum(["original", "thumbnail"]), seconds: z.int().min(60).optional() });
const example = { variant: "thumbnail", seconds: 3600 };

describe("check", () => {
  it("returns the parsed value and no issues for a valid value", () => {
    const schema = z.object({ n: z.coerce.number() });
    expect(check({ part: "query", schema, value: { n: "7" }, example: {} })).toEqual({ data: { n: 7 }, issues: [] });
  });

  it("reports the place, the rule, the received value and an example for every issue", () => {
    expect(issuesOf(link, { variant: "huge", seconds: 59 }, example)).toEqual([
      {
        path: "body.variant",
        message: 'must be one of original, thumbnail, received "huge": send for example "thumbnail".',
      },
      { path: "body.seconds", message: "must be at least 60, received 59: send for example 3600." },
    ]);
  });

  it("reports a missing field as received nothing", () => {
    expect(firstMessage(link, {}, example)).toBe(
      'must be one of original, thumbnail, received nothing: send for example "thumbnail".',
    );
  });

  it("reports the name of an unknown field and the known names, but not its value", () => {
    expect(issuesOf(link, { variant: "original", vairant: "hunter2", __proto__: {} })).toEqual([
      { path: "body.vairant", message: "is unknown: leave it out; known here: variant, seconds." },
    ]);
    expect(issuesOf(link, JSON.parse('{"variant":"original","__proto__":{"variant":"x"}}'))).toMatchObject([
      { path: "body.__proto__" },
    ]);
    expect(firstMessage(z.object({ list: z.array(link) }), { list: [{ ...example, a: 1 }] })).toContain(
      "known here: variant",
    );
    expect(firstMessage(z.strictObject({}), { a: 1 })).toBe("is unknown: leave it out.");
  });

  it.each<[unknown, string]>([
    [undefined, "nothing"],
    [null, "null"],
    [true, "true"],
    [-0.5, "-0.5"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    ['a"\n', '"a\\"\\n"'],
    ["\ud800", '"\\ud800"'],
    [[1, 2], "an array of 2"],
    [{ a: { b: "hunter2" } }, "an object"],
    ["x".repeat(10_000), `"${"x".repeat(100)}…"`],
  ])("%# repeats a received scalar, shortened, but no array or object", (value, shown) => {
    expect(firstMessage(z.object({ a: z.literal("b") }), { a: value })).toContain(`received ${shown}:`);
  });

  it("refers to the OpenAPI document where the example has no scalar to propose", () => {
    expect(firstMessage(link, 7, example)).toBe("must be of type object, received a number: see /api/openapi.json.");
    expect(firstMessage(link, {})).toContain("see /api/openapi.json");
  });

  it("reports the issues of the branch of a union that has the right type", () => {
    const schema = z.union([link, z.array(link)]);
    expect(issuesOf(schema, [{ variant: "original" }, { variant: "huge" }])).toMatchObject([
      { path: "body.1.variant" },
    ]);
    expect(issuesOf(schema, { variant: "huge" })).toMatchObject([{ path: "body.variant" }]);
    expect(firstMessage(schema, 7)).toMatch(/^must match one of the documented shapes, received a number:/);
    const either = z.object({ of: z.union([z.strictObject({ a: z.int() }), z.strictObject({ b: z.int() })]) });
    expect(issuesOf(either, { of: { c: 1 } })).toMatchObject([{ path: "body.of" }]);
  });

  it("describes any value that breaks its schema in text that JSON can carry", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const issues = issuesOf(z.strictObject({ never: z.literal("x") }), value);
        expect(issues.length).toBeGreaterThan(0);
        expect(JSON.parse(JSON.stringify(issues))).toEqual(issues);
      }),
    );
  });
});

describe("rules", () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.string(), 7, "must be of type string"],
    [z.int(), 7.5, "must be of type integer"],
    [z.record(z.string(), z.string()), null, "must be of type object"],
    [z.literal(7), 8, "must be 7"],
    [z.int().max(60), 61, "must be at most 60"],
    [z.number().positive(), 0, "must be more than 0"],
    [z.number().lt(5), 5, "must be less than 5"],
    [z.string().min(3), "ab", "must have at least 3 characters"],
    [z.array(z.int()).max(1), [1, 2], "must have at most 1 items"],
    [z.guid(), "x", "must be a valid guid"],
    [z.string().regex(/^a+$/), "b", "must match /^a+$/"],
    [z.string().min(3, "is a name"), "x", "is a name"],
    [z.guid("must be the id of an image"), 7, "must be the id of an image"],
  ])("%# states the rule of a schema: %3$s", (schema, value, rule) => {
    expect(firstMessage(z.object({ a: schema }), { a: value })).toMatch(
      new RegExp(`^${RegExp.escape(rule)}, received`),
    );
  });
});

describe("secrets", () => {
  const secret = z.string().min(50);
  it.each<[string, z.ZodType, unknown]>([
    ["a field", z.object({ password: secret }), { password: "hunter2" }],
    ["a field with a longer name", z.object({ refresh_token: secret }), { refresh_token: "hunter2" }],
    ["a field in camel case", z.object({ clientSecret: secret }), { clientSecret: "hunter2" }],
    ["a field in an array", z.array(z.object({ password: secret })), [{ password: "hunter2" }]],
    ["an array", z.object({ tokens: z.array(secret) }), { tokens: ["hunter2"] }],
    ["an object", z.object({ credentials: z.object({ a: secret }) }), { credentials: { a: "hunter2" } }],
    ["a field of the wrong type", z.object({ password: z.int() }), { password: "hunter2" }],
    ["a text in place of its object", z.object({ user: z.object({ password: secret }) }), { user: "hunter2" }],
    [
      "a text in place of its array",
      z.object({ users: z.array(z.object({ password: secret })) }),
      { users: "hunter2" },
    ],
    ["a text in place of the body", z.object({ password: secret }), "hunter2"],
    ["an item in place of its object", z.array(z.object({ password: secret })), ["hunter2"]],
    ["a field of one branch", z.union([z.object({ token: z.int() }), z.string().max(1)]), { token: "hunter2" }],
    ["a text in place of a union", z.union([z.object({ token: z.int() }), z.object({ key: z.int() })]), "hunter2"],
    ["an unknown field", z.strictObject({}), { nickname: "hunter2" }],
  ])("never repeats a secret: %s", (_, schema, value) => {
    const issues = issuesOf(schema, value, { password: "correct horse" });
    expect(issues.length).toBeGreaterThan(0);
    expect(JSON.stringify(issues)).not.toMatch(/hunter2|correct horse/);
  });

  it("repeats other values of an object with a secret", () => {
    const schema = z.object({ name: z.string().min(9), password: secret });
    expect(firstMessage(schema, { name: "Ada", password: "hunter2" })).toContain('received "Ada"');
  });
});

describe("throwValidationError", () => {
  const thrownBy = (issues: Parameters<typeof throwValidationError>[0]) => {
    try {
      return throwValidationError(issues);
    } catch (error) {
      return error as AppError;
    }
  };

  it("throws the first issue and the number of others as the message, and all as details", () => {
    const issues = [
      { path: "body.a", message: "is wrong." },
      { path: "body.b", message: "is wrong." },
    ];
    expect(thrownBy(issues)).toMatchObject({
      code: "VALIDATION_FAILED",
      message: "body.a is wrong. And 1 more, see details.",
      details: issues,
    });
    expect(thrownBy(issues.slice(1)).message).toBe("body.b is wrong.");
  });

  it("keeps the response small, however many and long the issues are", () => {
    const value = Object.fromEntries(Array.from({ length: 9_000 }, (_, at) => [`${"x".repeat(500)}${at}`, 1]));
    expect(JSON.stringify(thrownBy(issuesOf(z.strictObject({}), value)).details).length).toBeLessThan(20_000);
    const deep = Array.from({ length: 10_000 }, () => "a");
    expect(placeOf("body", deep).length).toBeLessThan(100);
  });
});
