// The rule that a value broke, in words, wherever its schema has none of its own. Pure.
import type { z } from "zod";

const types: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
  date: "a date",
};

const formats: Readonly<Record<string, string>> = {
  guid: "a GUID",
  uuid: "a UUID",
  email: "an e-mail address",
  url: "a URL",
  datetime: "a date and time such as 2026-11-21T09:00:00Z",
  safeint: "a whole number",
};

const literal = (value: unknown) => (typeof value === "string" ? value : String(value));

/** What a bound counts: characters of a text, items of a list; nothing for a number. */
const counted: Readonly<Record<string, string>> = {
  string: " characters long",
  array: " items long",
  set: " items long",
};

type Bound = { readonly origin: string; readonly inclusive?: boolean | undefined };

function bound(least: boolean, limit: number | bigint, { inclusive = true, origin }: Bound): string {
  const words = least ? ["at least", "more than"] : ["at most", "less than"];
  return `must be ${words[inclusive ? 0 : 1]} ${limit}${counted[origin] ?? ""}`;
}

/** To be given to a parse as its `error`: zod asks it only where a schema says nothing, and else keeps its own words. */
export const ruleOf: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${types[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(literal).join(", ")}`;
    case "too_small":
      return bound(true, issue.minimum, issue);
    case "too_big":
      return bound(false, issue.maximum, issue);
    case "invalid_format":
      return issue.format === "regex"
        ? `must match ${issue.pattern}`
        : `must be ${formats[issue.format] ?? issue.format}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_union":
      return "must have one of the shapes that are described";
    default:
      return undefined;
  }
};
