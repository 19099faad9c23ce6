// Each constraint lets through and stops what ASP.NET Core's does.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constraintOf } from "./route-constraint.ts";

describe("a route constraint", () => {
  test.each([
    ["guid", "", "0b5ffa4c-7c39-4c0f-9d9c-2f8a7a1d5e10", "0b5ffa4c-7c39"],
    ["guid", "", "0B5FFA4C7C394C0F9D9C2F8A7A1D5E10", "usage"],
    ["guid", "", "{0b5ffa4c-7c39-4c0f-9d9c-2f8a7a1d5e10}", "{0b5ffa4c7c394c0f9d9c2f8a7a1d5e10}"],
    ["int", "", "-2147483648", "2147483648"],
    ["int", "", "+7", "7.0"],
    ["long", "", "9223372036854775807", "9223372036854775808"],
    ["alpha", "", "Resume", "resume2"],
    ["bool", "", "TRUE", "1"],
    ["double", "", "-1.5e3", "1,5"],
    ["length", "3", "abc", "abcd"],
    ["length", "2,4", "ab", "abcde"],
    ["minlength", "2", "ab", "a"],
    ["maxlength", "2", "ab", "abc"],
    ["min", "18", "18", "17"],
    ["max", "18", "-3", "19"],
    ["range", "1,366", "366", "0"],
    ["required", "", "x", ""],
    ["regex", "^[a-z]{2,3}$", "ABC", "abcd"],
  ])("%s(%s) lets %s through and stops %s", (name, argument, good, bad) => {
    const constraint = constraintOf(name, argument);
    expect([constraint(good), constraint(bad)]).toEqual([true, false]);
  });

  test("of an unknown name is refused with those that exist", () => {
    expect(() => constraintOf("uuid", "")).toThrow(/"uuid" is unknown; use one of .*guid/);
    expect(() => constraintOf("toString", "")).toThrow(/unknown/);
  });

  test("of a wrong argument is refused with what it takes", () => {
    expect(() => constraintOf("range", "1")).toThrow('takes 2 whole number(s) in parentheses, not "1"');
  });

  test("guid takes every UUID, in either case", () => {
    const guid = constraintOf("guid", "");
    fc.assert(fc.property(fc.uuid(), (id) => guid(id) && guid(id.toUpperCase()) && !guid(`${id}0`)));
  });

  test("int takes exactly the 32-bit integers", () => {
    const int = constraintOf("int", "");
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
        (n) => int(`${n}`) === (BigInt.asIntN(32, n) === n),
      ),
    );
  });
});
