// The path, query and body of a request, as an operation's schemas take them. Pure.
import type { z } from "zod";
import { check, refuse } from "./faults.ts";
import type { Operation } from "./operation.ts";
import { readQuery } from "./query.ts";

type Schemas = Pick<
  Operation<z.ZodObject, z.ZodObject, z.ZodType, never, never>,
  "params" | "query" | "body" | "example"
>;

type Sent = {
  /** Path parameters, and maybe others: the host puts those of the query among them. */
  readonly path: unknown;
  readonly url: string;
  /** What JSON said. */
  readonly body: unknown;
};

/**
 * What is not declared is not looked at: pages append what they like to the addresses they fetch.
 * @throws {AppError} VALIDATION_FAILED with every fault of all three
 */
export function validate({ params, query, body, example }: Schemas, sent: Sent) {
  const asked = query && readQuery(sent.url);
  const parts = {
    params: params && check({ part: "path", schema: params, value: sent.path, example: example.params }),
    query: query && check({ part: "query", schema: query, value: asked?.values, example: example.query }),
    body: body && check({ part: "body", schema: body, value: sent.body, example: example.body }),
  };
  const faults = [parts.params, asked, parts.query, parts.body].flatMap((part) => part?.faults ?? []);
  if (faults.length > 0) refuse(faults);
  return { params: parts.params?.data ?? {}, query: parts.query?.data ?? {}, body: parts.body?.data };
}
