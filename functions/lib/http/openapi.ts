// Builds the OpenAPI 3.1 document from the routes.
import type { ErrorCode } from "../errors.ts";
import { collectSchemas, headers, type Json, parameters } from "./openapi-components.ts";
import { errorResponse, errorSchema, oauthErrorSchema } from "./openapi-errors.ts";
import { describeOperation, errorCodesOf } from "./openapi-operation.ts";
import { tags } from "./operation.ts";
import type { Route } from "./route.ts";

const DESCRIPTION = `Counts the visits of a page exactly, stores the owner's images, and issues expiring links to them.

- **Errors** have one shape from status 400 up, except where an operation has the one of OAuth: switch on \`error.code\`. From 500 up the message hides the cause: quote
  \`error.trace_id\`. An unknown path returns \`NOT_FOUND\`, an unsupported method \`METHOD_NOT_ALLOWED\`.
- **Limits**: responses carry \`RateLimit\` and \`RateLimit-Policy\`; a rejected request gets 429 with \`Retry-After\`.
- **Responses** may gain fields; ignore unknown ones. Requests must have only the described fields; the query of an
  operation without query parameters is ignored.
- Responses must not be cached unless their \`Cache-Control\` allows it.`;

type Options = {
  /** The host's route prefix, such as /api. */
  readonly prefix: string;
  readonly version: string;
};

export function openApiDocument(routes: readonly Route<never>[], { prefix, version }: Options): Json {
  const described = routes.filter(({ path }) => !path.includes("{*"));
  const { named, schemaOf } = collectSchemas();
  const paths: Record<string, Json> = {};
  for (const route of described) {
    const template = route.path.replace(/\{(\w+):[^}]+\}/g, "{$1}");
    for (const method of route.methods)
      paths[template] = { ...paths[template], [method.toLowerCase()]: describeOperation(route, method, schemaOf) };
  }
  const hasOAuth = described.some(({ operation }) => operation.errorShape === "oauth");
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
    servers: [{ url: prefix, description: "The deployment that serves this document." }],
    tags: Object.entries(tags)
      .filter(([name]) => described.some(({ operation }) => operation.tag === name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: { ...named, Error: errorSchema, ...(hasOAuth && { OAuthError: oauthErrorSchema }) },
      responses: Object.fromEntries([...codes].map((code) => [code, errorResponse(code)])),
      headers,
      parameters,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "An access token (RFC 9068) in the header `Authorization`. Its role grants permissions; each operation names the one that it requires.",
        },
      },
    },
  };
}
