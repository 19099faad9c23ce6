// Rules in words, for whatever a schema says nothing about.
import { expect, it } from "vitest";
import { z } from "zod";
import { ruleOf } from "./rules.ts";

const told = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value, { error: ruleOf }).error?.issues.map(({ message }) => message);

it.each<[z.ZodType, unknown, string]>([
  [z.string(), 7, "must be text"],
  [z.number(), "7", "must be a number"],
  [z.number(), Number.POSITIVE_INFINITY, "must be a number"],
  [z.int(), 7.5, "must be a whole number"],
  [z.number().int(), 7.5, "must be a whole number"],
  [z.boolean(), "yes", "must be true or false"],
  [z.array(z.string()), {}, "must be a list"],
  [z.object({}), [], "must be an object"],
  [z.record(z.string(), z.string()), null, "must be an object"],
  [z.null(), 1, "must be null"],
  [z.enum(["a", "b"]), "c", "must be one of a, b"],
  [z.literal(7), 8, "must be 7"],
  [z.int().min(60), 59, "must be at least 60"],
  [z.int().max(60), 61, "must be at most 60"],
  [z.number().positive(), 0, "must be more than 0"],
  [z.number().lt(5), 5, "must be less than 5"],
  [z.string().min(3), "ab", "must be at least 3 characters long"],
  [z.string().max(3), "abcd", "must be at most 3 characters long"],
  [z.array(z.int()).max(1), [1, 2], "must be at most 1 items long"],
  [z.number().multipleOf(5), 7, "must be a multiple of 5"],
  [z.guid(), "x", "must be a GUID"],
  [z.url(), "x", "must be a URL"],
  [z.email(), "x", "must be an e-mail address"],
  [z.iso.datetime(), "x", "must be a date and time such as 2026-11-21T09:00:00Z"],
  [z.string().regex(/^a+$/), "b", "must match /^a+$/"],
  [z.union([z.object({ a: z.int() }), z.object({ b: z.int() })]), {}, "must have one of the shapes that are described"],
])("%# what breaks its schema is told: %3$s", (schema, value, rule) => {
  expect(told(schema, value)).toEqual([rule]);
});

it("the schema's own words win", () => {
  expect(told(z.string().min(3, "is a name"), "x")).toEqual(["is a name"]);
  expect(told(z.guid("must be the id of an image"), 7)).toEqual(["must be the id of an image"]);
});
