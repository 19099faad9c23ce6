// Reads the path, query and body of a request and validates them against the schemas of its operation.
import { z } from "zod";
import type { ErrorDetail } from "../errors.ts";
import { readJson } from "./body.ts";
import type { HttpContext } from "./context.ts";
import { rejectReservedNames } from "./forged-headers.ts";
import { readForm } from "./form.ts";
import type { Operation } from "./operation.ts";
import { readPairs } from "./url-encoded.ts";
import { check, describeValue, placeOf, throwValidationError } from "./validation-issues.ts";

/** The query parameters by name, and the issues of how they are written. */
export function readQuery(url: string): {
  readonly values: Readonly<Record<string, string>>;
  readonly issues: readonly ErrorDetail[];
} {
  const { unreadable, repeated, values } = readPairs(new URL(url).search.slice(1));
  const issues = [
    ...unreadable.map((piece) => {
      const [name = ""] = piece.split("=", 1);
      return {
        path: placeOf("query", [name]),
        message: `must be UTF-8 in valid percent escapes, without %00, received ${describeValue(piece, [name])}: escape each byte as %XX, as encodeURIComponent does.`,
      };
    }),
    ...[...repeated].map(([name, times]) => ({
      path: placeOf("query", [name]),
      message: `must be given once, received it ${times} times: send one.`,
    })),
  ];
  return { values, issues };
}

type Schemas = Pick<
  Operation<z.ZodObject, z.ZodObject, z.ZodType, never, never>,
  "params" | "query" | "body" | "form" | "example"
>;

type Input = {
  /** Path parameters, and others: the host adds those of the query. */
  readonly path: unknown;
  readonly url: string;
  /** The parsed JSON body or form. */
  readonly body: unknown;
};

/**
 * Ignores the query or body of an operation without a schema for it: pages append what they like to the URLs that they
 * fetch.
 * @throws {AppError} VALIDATION_FAILED with the issues of path, query and body
 */
export function validate({ params, query, body, form, example }: Schemas, input: Input) {
  const received = query && readQuery(input.url);
  const parts = {
    params: params && check({ part: "path", schema: params, value: input.path, example: example.params }),
    query: query && check({ part: "query", schema: query, value: received?.values, example: example.query }),
    body: body && check({ part: "body", schema: body, value: input.body, example: example.body }),
    form: form && check({ part: "form", schema: form, value: input.body, example: example.body }),
  };
  const issues = [parts.params, received, parts.query, parts.body, parts.form].flatMap((part) => part?.issues ?? []);
  if (issues.length > 0) throwValidationError(issues);
  return { params: parts.params?.data ?? {}, query: parts.query?.data ?? {}, body: (parts.body ?? parts.form)?.data };
}

const namesOf = (schema: z.ZodType) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []);

/** @throws {AppError} VALIDATION_FAILED, UNSUPPORTED_MEDIA_TYPE or PAYLOAD_TOO_LARGE */
export async function readInput({ body: stream, request, route: { operation } }: HttpContext) {
  const source = { headers: request.headers, stream };
  const { form } = operation;
  const body = form ? await readForm(source, namesOf(form)) : operation.body && (await readJson(source));
  if (typeof body === "object" && body !== null) rejectReservedNames(Object.keys(body), "body");
  return validate(operation, { path: request.params, url: request.url, body });
}
