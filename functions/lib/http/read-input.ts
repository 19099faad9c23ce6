// Reads the path, query and body of a request and validates them against the schemas of its operation.
import type { z } from "zod";
import type { ErrorDetail } from "../errors.ts";
import { readJson } from "./body.ts";
import type { HttpContext } from "./context.ts";
import { rejectReservedNames } from "./forged-headers.ts";
import type { Operation } from "./operation.ts";
import { check, describeValue, placeOf, throwValidationError } from "./validation-issues.ts";

function isUnreadable(piece: string): boolean {
  try {
    return decodeURIComponent(piece).includes("\0");
  } catch {
    return true;
  }
}

/**
 * The query parameters by name, and the issues of how they are written. URLSearchParams accepts anything: it keeps %zz,
 * replaces invalid UTF-8 by U+FFFD, and returns both values of a repeated parameter.
 */
export function readQuery(url: string): {
  readonly values: Readonly<Record<string, string>>;
  readonly issues: readonly ErrorDetail[];
} {
  const { search, searchParams } = new URL(url);
  if (search === "") return { values: {}, issues: [] };
  const unreadable = search
    .slice(1)
    .split("&")
    .filter(isUnreadable)
    .map((piece) => {
      const [name = ""] = piece.split("=", 1);
      return {
        path: placeOf("query", [name]),
        message: `must be UTF-8 in valid percent escapes, without %00, received ${describeValue(piece, [name])}: escape each byte as %XX, as encodeURIComponent does.`,
      };
    });
  const repeated = [...new Set(searchParams.keys())]
    .filter((name) => searchParams.getAll(name).length > 1)
    .map((name) => ({
      path: placeOf("query", [name]),
      message: `must be given once, received it ${searchParams.getAll(name).length} times: send one.`,
    }));
  return { values: Object.fromEntries(searchParams), issues: [...unreadable, ...repeated] };
}

type Schemas = Pick<
  Operation<z.ZodObject, z.ZodObject, z.ZodType, never, never>,
  "params" | "query" | "body" | "example"
>;

type Input = {
  /** Path parameters, and others: the host adds those of the query. */
  readonly path: unknown;
  readonly url: string;
  /** The parsed JSON body. */
  readonly body: unknown;
};

/**
 * Ignores the query or body of an operation without a schema for it: pages append what they like to the URLs that they
 * fetch.
 * @throws {AppError} VALIDATION_FAILED with the issues of path, query and body
 */
export function validate({ params, query, body, example }: Schemas, input: Input) {
  const received = query && readQuery(input.url);
  const parts = {
    params: params && check({ part: "path", schema: params, value: input.path, example: example.params }),
    query: query && check({ part: "query", schema: query, value: received?.values, example: example.query }),
    body: body && check({ part: "body", schema: body, value: input.body, example: example.body }),
  };
  const issues = [parts.params, received, parts.query, parts.body].flatMap((part) => part?.issues ?? []);
  if (issues.length > 0) throwValidationError(issues);
  return { params: parts.params?.data ?? {}, query: parts.query?.data ?? {}, body: parts.body?.data };
}

/** @throws {AppError} VALIDATION_FAILED, UNSUPPORTED_MEDIA_TYPE or PAYLOAD_TOO_LARGE */
export async function readInput({ body: stream, request, route: { operation } }: HttpContext) {
  const body = operation.body && (await readJson({ headers: request.headers, stream }));
  if (typeof body === "object" && body !== null) rejectReservedNames(Object.keys(body), "body");
  return validate(operation, { path: request.params, url: request.url, body });
}
