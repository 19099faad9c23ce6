// Validates values and describes every issue for the client: the place, the rule, the received value, the fix. Pure.
import { z } from "zod";
import { AppError, type ErrorDetail } from "../errors.ts";
import { ROUTE_PREFIX } from "../names.ts";

type Part = "path" | "query" | "body" | "form";

/** Characters of a received text that a message repeats. */
const MAX_SHOWN = 100;
/** Issues that a response lists: a body of 64 KiB has room for thousands. */
const MAX_ISSUES = 50;
/** Fields whose names contain one of these: their values, and all values inside them, never appear in a message. */
const SECRET_FIELDS = [
  "password",
  "passphrase",
  "secret",
  "token",
  "credential",
  "authorization",
  "cookie",
  "apikey",
  "signature",
];

const isSecret = (key: PropertyKey): boolean => {
  const name = String(key)
    .toLowerCase()
    .replace(/[^a-z]/g, "");
  return SECRET_FIELDS.some((secret) => name.includes(secret));
};

export const shorten = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

export function placeOf(part: Part, path: readonly PropertyKey[]): string {
  return [part, ...path.slice(0, 20).map((key) => shorten(String(key)))].join(".");
}

/** @throws {AppError} always: VALIDATION_FAILED with at least one issue. */
export function throwValidationError(issues: readonly ErrorDetail[], cause?: unknown): never {
  const [first, ...more] = issues;
  const rest = more.length > 0 ? ` And ${more.length} more, see details.` : "";
  throw new AppError("VALIDATION_FAILED", `${first?.path} ${first?.message}${rest}`, {
    details: issues.slice(0, MAX_ISSUES),
    cause,
  });
}

function typeOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The received value in a few words: never a secret, an array or an object. */
export function describeValue(value: unknown, path: readonly PropertyKey[]): string {
  if (typeof value === "object" || value === undefined) return typeOf(value);
  if (path.some(isSecret)) return "a value that is not shown";
  return typeof value === "string" ? JSON.stringify(shorten(value)) : String(value);
}

const units: Readonly<Record<string, string>> = { string: "characters", array: "items" };

function boundRule(bound: string, limit: number | bigint, origin: string): string {
  const unit = units[origin];
  return unit ? `must have ${bound} ${limit} ${unit}` : `must be ${bound} ${limit}`;
}

/** JSON Schema's names for types that zod names otherwise. */
const typeNames: Readonly<Record<string, string>> = { int: "integer", record: "object", tuple: "array" };

/**
 * The rule that a value breaks, to be read after its place: "must be …". zod calls this only where a schema has no
 * message of its own, and uses its own text where this returns undefined.
 */
const describeRule: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return `must be of type ${typeNames[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return boundRule(issue.inclusive === false ? "more than" : "at least", issue.minimum, issue.origin);
    case "too_big":
      return boundRule(issue.inclusive === false ? "less than" : "at most", issue.maximum, issue.origin);
    case "invalid_format":
      return issue.format === "regex" ? `must match ${issue.pattern}` : `must be a valid ${issue.format}`;
    case "invalid_union":
      return "must match one of the documented shapes";
    case "unrecognized_keys": {
      const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join(", ") : "";
      return `is unknown: leave it out${known && `; known here: ${known}`}`;
    }
    default:
      return undefined;
  }
};

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}

/** A union reports the issues of each branch: keep those of the branch that has the right type, if there is just one. */
function flatten(issue: z.core.$ZodIssue, before: readonly PropertyKey[] = []): z.core.$ZodIssue[] {
  const path = [...before, ...issue.path];
  if (issue.code === "invalid_union") {
    const matching = issue.errors.filter(
      (issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0),
    );
    const [only] = matching;
    if (only && matching.length === 1) return only.flatMap((inner) => flatten(inner, path));
  }
  return [{ ...issue, path }];
}

type Candidate = {
  readonly part: Part;
  readonly schema: z.ZodType;
  readonly value: unknown;
  /** From the documentation; messages propose its values. */
  readonly example: unknown;
};

/** Where an object or array belongs, a scalar may be the secret that belongs inside it. */
const expectsScalar = (issue: z.core.$ZodIssue): boolean =>
  issue.code !== "invalid_union" &&
  !(issue.code === "invalid_type" && ["object", "record", "array", "tuple", "map", "set"].includes(issue.expected));

function detailsOf(issue: z.core.$ZodIssue, { part, value, example }: Candidate): ErrorDetail[] {
  const { message, path } = issue;
  // An unescaped & in a password makes a name out of the rest of it.
  if (issue.code === "unrecognized_keys" && part === "form")
    return [
      {
        path: part,
        message: `has an unknown parameter: ${message.replace(/^is unknown: /, "")}, and escape & as %26.`,
      },
    ];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: placeOf(part, [...path, key]), message: `${message}.` }));
  const received = valueAt(value, path);
  const proposed = valueAt(example, path);
  // A rule about a secret can describe it in its own words.
  const described = issue.code === "custom" ? issue.params : undefined;
  const shown = described?.received ?? (expectsScalar(issue) ? describeValue(received, path) : typeOf(received));
  const fix =
    described?.fix ??
    (proposed === undefined || typeof proposed === "object" || path.some(isSecret)
      ? `see ${ROUTE_PREFIX}/openapi.json`
      : `send for example ${part === "body" ? JSON.stringify(proposed) : proposed}`);
  return [{ path: placeOf(part, path), message: `${message}, received ${shown}: ${fix}.` }];
}

/** The parsed value, or the issues; `data` is valid only without issues. */
export function check<S extends z.ZodType>(
  candidate: Candidate & { readonly schema: S },
): { readonly data: z.output<S>; readonly issues: readonly ErrorDetail[] } {
  const { data, error } = candidate.schema.safeParse(candidate.value, { error: describeRule });
  const issues = error?.issues.flatMap((issue) => flatten(issue)).flatMap((issue) => detailsOf(issue, candidate)) ?? [];
  return { data: data as z.output<S>, issues };
}
