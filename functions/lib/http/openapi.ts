// The OpenAPI 3.1 document as a pure function of the routes.
import type { ErrorCode } from "../errors.ts";
import { errorResponse, errorSchema } from "./openapi-errors.ts";
import { headers, parameters } from "./openapi-headers.ts";
import { describeOperation, errorCodesOf } from "./openapi-operation.ts";
import { collectSchemas, type Json } from "./openapi-schemas.ts";
import { tags } from "./openapi-tags.ts";
import type { Route } from "./operation.ts";

const DESCRIPTION = `Counts the visits of a page exactly, keeps its owner's pictures, and hands out links to them that expire.

- **Errors** have one shape, from status 400 up: switch on \`error.code\`. From 500 up the message hides the reason: quote
  \`error.trace_id\`. A path that is not listed here answers \`NOT_FOUND\`; a method that is not, \`METHOD_NOT_ALLOWED\`.
- **Limits** are told by \`RateLimit\` and \`RateLimit-Policy\`, and by 429 with \`Retry-After\`.
- **Answers** may have more members one day: leave alone those you do not know. A request must have no others than are
  described, except in the query of an operation that describes none.
- Nothing may be cached, unless an answer says otherwise.`;

type Options = {
  /** What the host puts before every route, such as /api. */
  readonly prefix: string;
  readonly version: string;
};

export function openApiDocument(routes: readonly Route<never>[], { prefix, version }: Options): Json {
  const described = routes.filter(({ path }) => !path.includes("{*"));
  const { named, schemaOf } = collectSchemas();
  const paths: Record<string, Json> = {};
  for (const route of described) {
    const template = route.path.replace(/\{(\w+):\w+\}/g, "{$1}");
    for (const method of route.methods)
      paths[template] = { ...paths[template], [method.toLowerCase()]: describeOperation(route, method, schemaOf) };
  }
  const codes = new Set<ErrorCode>(described.flatMap(errorCodesOf));
  return {
    openapi: "3.1.0",
    info: {
      title: "Vitae",
      version,
      summary: "The backend of a résumé page: counter, images, links.",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: prefix, description: "The deployment that this document comes from." }],
    tags,
    paths,
    components: {
      schemas: { ...named, Error: errorSchema },
      responses: Object.fromEntries([...codes].map((code) => [code, errorResponse(code)])),
      headers,
      parameters,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "An access token (RFC 9068) in the header `Authorization`. Its role decides what it may do; an operation names the permission that it needs.",
        },
      },
    },
  };
}
