// What is said of a value that breaks its schema: where, the rule, what was received and what to do.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { AppError } from "../errors.ts";
import { check, placeOf, refuse } from "./faults.ts";
import { SECRET } from "./shown-fields.ts";

const told = (schema: z.ZodType, value: unknown, example?: unknown) =>
  check({ part: "body", schema, value, example }).faults;
const one = (schema: z.ZodType, value: unknown, example?: unknown) => told(schema, value, example)[0]?.message;
const link = z.strictObject({ variant: z.enum(["original", "thumbnail"]), seconds: z.int().min(60).optional() });
const example = { variant: "thumbnail", seconds: 3600 };

describe("a fault", () => {
  it("names the place, the rule, the value and what would do", () => {
    expect(told(link, { variant: "huge", seconds: 59 }, example)).toEqual([
      {
        path: "body.variant",
        message: 'must be one of original, thumbnail, received "huge": send for example "thumbnail".',
      },
      { path: "body.seconds", message: "must be at least 60, received 59: send for example 3600." },
    ]);
  });

  it("of a field that is absent says so", () => {
    expect(one(link, {}, example)).toBe(
      'must be one of original, thumbnail, received nothing: send for example "thumbnail".',
    );
  });

  it("of a field that nobody knows names it, and those that are known, but not its value", () => {
    expect(told(link, { variant: "original", vairant: "hunter2", __proto__: {} })).toEqual([
      { path: "body.vairant", message: "is not known: leave it out; known here: variant, seconds." },
    ]);
    expect(told(link, JSON.parse('{"variant":"original","__proto__":{"variant":"x"}}'))).toMatchObject([
      { path: "body.__proto__" },
    ]);
    expect(one(z.strictObject({}), { a: 1 })).toBe("is not known: leave it out.");
  });

  it.each<[unknown, string]>([
    [undefined, "nothing"],
    [null, "null"],
    [true, "true"],
    [-0.5, "-0.5"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    ['a"\n', '"a\\"\\n"'],
    ["\ud800", '"\\ud800"'],
    [[1, 2], "a list of 2"],
    [{ a: { b: "hunter2" } }, "an object"],
    ["x".repeat(10_000), `"${"x".repeat(100)}…"`],
  ])("%# shows what was received, but never a list or an object and nothing at length", (value, shown) => {
    expect(one(z.object({ a: z.literal("b") }), { a: value })).toContain(`received ${shown}:`);
  });

  it("proposes no example where there is none, or only an object: the document says what fits", () => {
    expect(one(link, "text", example)).toBe('must be an object, received "text": /api/openapi.json says what fits.');
    expect(one(link, {})).toContain("/api/openapi.json");
  });

  it("of a secret tells the rule alone, whatever was sent", () => {
    const schema = z.object({ users: z.array(z.object({ password: z.string().min(50).meta({ format: SECRET }) })) });
    const sample = { users: [{ password: "correct horse" }] };
    for (const value of ["hunter2", { users: ["hunter2"] }, { users: [{ password: "hunter2" }] }]) {
      const [fault, ...others] = told(schema, value, sample);
      expect(others).toEqual([]);
      expect(fault?.message).toMatch(/^must be .*, received a value that is not shown: /);
      expect(fault?.message).not.toContain("correct horse");
    }
    expect(one(schema, { users: [{}] })).toContain("received nothing");
  });

  it("in one shape of several is that of the shape that was meant, if the type tells it", () => {
    const schema = z.union([link, z.array(link)]);
    expect(told(schema, [{ variant: "original" }, { variant: "huge" }])).toMatchObject([{ path: "body.1.variant" }]);
    expect(told(schema, { variant: "huge" })).toMatchObject([{ path: "body.variant" }]);
    expect(one(schema, 7)).toMatch(/^must have one of the shapes that are described, received 7:/);
    const either = z.object({ of: z.union([z.strictObject({ a: z.int() }), z.strictObject({ b: z.int() })]) });
    expect(told(either, { of: { c: 1 } })).toMatchObject([{ path: "body.of" }]);
  });

  it("is none where the value passes, which comes out parsed", () => {
    expect(
      check({ part: "query", schema: z.object({ n: z.coerce.number() }), value: { n: "7" }, example: {} }),
    ).toEqual({
      data: { n: 7 },
      faults: [],
    });
  });

  it("is told of any value in text that can be sent", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const faults = told(z.strictObject({ never: z.literal("x") }), value);
        expect(faults.length).toBeGreaterThan(0);
        expect(JSON.parse(JSON.stringify(faults))).toEqual(faults);
      }),
    );
  });
});

describe("a refusal", () => {
  const refused = (faults: Parameters<typeof refuse>[0]) => {
    try {
      return refuse(faults);
    } catch (error) {
      return error as AppError;
    }
  };

  it("says the first fault, how many more there are, and has all in its details", () => {
    const faults = [
      { path: "body.a", message: "is wrong." },
      { path: "body.b", message: "is wrong." },
    ];
    expect(refused(faults)).toMatchObject({
      code: "VALIDATION_FAILED",
      message: "body.a is wrong. And 1 more, in the details.",
      details: faults,
    });
    expect(refused(faults.slice(1)).message).toBe("body.b is wrong.");
  });

  it("stays small, however many and long the faults are", () => {
    const name = "x".repeat(60_000);
    const value = Object.fromEntries(Array.from({ length: 9_000 }, (_, at) => [`${name}${at}`.slice(-6_000), 1]));
    expect(JSON.stringify(refused(told(z.strictObject({}), value)).details).length).toBeLessThan(20_000);
    expect(
      placeOf(
        "body",
        Array.from({ length: 10_000 }, () => "a"),
      ).length,
    ).toBeLessThan(100);
  });
});
