// Checks the parts of a request against an operation's schemas, and tells every fault at once: rule, value, fix. Pure.
import type { z } from "zod";
import { AppError, type ErrorDetail } from "../errors.ts";
import { ROUTE_PREFIX } from "../names.ts";
import { ruleOf } from "./rules.ts";
import { fieldsOf } from "./shown-fields.ts";

export type Part = "path" | "query" | "body";

/** Characters of what was sent that are sent back. */
const SHOWN = 100;
/** Faults that are told of one request: a body of 64 KiB has room for thousands. */
const MOST = 50;

export const shorten = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

export function placeOf(part: Part, path: readonly PropertyKey[]): string {
  return [part, ...path.slice(0, 20).map((key) => shorten(String(key)))].join(".");
}

/** @throws {AppError} always: VALIDATION_FAILED with the faults, of which there is at least one. */
export function refuse(faults: readonly ErrorDetail[], cause?: unknown): never {
  const [first, ...more] = faults;
  const rest = more.length > 0 ? ` And ${more.length} more, in the details.` : "";
  throw new AppError("VALIDATION_FAILED", `${first?.path} ${first?.message}${rest}`, {
    details: faults.slice(0, MOST),
    cause,
  });
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}

/** A value in a few words; lists and objects are never sent back whole. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(shorten(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** A union is refused by each of its branches: what counts is the one that the value was meant for, if that is clear. */
function flatten(issue: z.core.$ZodIssue, before: readonly PropertyKey[] = []): z.core.$ZodIssue[] {
  const path = [...before, ...issue.path];
  if (issue.code === "invalid_union") {
    const meant = issue.errors.filter(
      (issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0),
    );
    const [only] = meant;
    if (only && meant.length === 1) return only.flatMap((inner) => flatten(inner, path));
  }
  return [{ ...issue, path }];
}

type Checked = {
  readonly part: Part;
  readonly schema: z.ZodType;
  readonly value: unknown;
  /** What the documentation shows; it is what the fix proposes. */
  readonly example: unknown;
};

function detailsOf(issue: z.core.$ZodIssue, { part, schema, value, example }: Checked): ErrorDetail[] {
  const { known, mayShow } = fieldsOf(schema);
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const names = known(path).join(", ");
    const fix = names ? `leave it out; known here: ${names}` : "leave it out";
    return issue.keys.map((key) => ({ path: placeOf(part, [...path, key]), message: `is not known: ${fix}.` }));
  }
  const given = at(value, path);
  const sample = at(example, path);
  const open = mayShow(path);
  const received = given === undefined || open ? describe(given) : "a value that is not shown";
  const fix =
    open && sample !== undefined && typeof sample !== "object"
      ? `send for example ${part === "body" ? JSON.stringify(sample) : sample}`
      : `${ROUTE_PREFIX}/openapi.json says what fits`;
  return [{ path: placeOf(part, path), message: `${issue.message}, received ${received}: ${fix}.` }];
}

/** The parsed value, or what is wrong with it. */
export function check<S extends z.ZodType>(
  checked: Checked & { readonly schema: S },
): { readonly data: z.output<S>; readonly faults: readonly ErrorDetail[] } {
  const { data, error } = checked.schema.safeParse(checked.value, { error: ruleOf });
  const faults = error?.issues.flatMap((issue) => flatten(issue)).flatMap((issue) => detailsOf(issue, checked)) ?? [];
  // Whoever uses the data looks at the faults first.
  return { data: data as z.output<S>, faults };
}
