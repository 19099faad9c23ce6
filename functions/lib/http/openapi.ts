// The OpenAPI 3.1 document as a pure function of the routes.
import { z } from "zod";
import { type ErrorCode, statusOf } from "../errors.ts";
import type { Route } from "./operation.ts";

type Json = Record<string, unknown>;

const schemaOf = (schema: z.ZodType, io: "input" | "output" = "output"): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  return json;
};

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "trace_id"],
      properties: {
        code: { type: "string", description: "Stable; switch on this." },
        message: { type: "string", description: "The rule, the value received, the fix." },
        trace_id: { type: "string", pattern: "^[0-9a-f]{32}$", description: "Also in the header X-Trace-ID." },
        details: {
          type: "array",
          items: {
            type: "object",
            required: ["path", "message"],
            properties: { path: { type: "string" }, message: { type: "string" } },
          },
        },
      },
    },
  },
};

function parametersOf({ operation }: Route<never>): Json[] {
  const listed = (schema: z.ZodObject | undefined, where: "path" | "query", example: Json | undefined) => {
    const { properties = {}, required = [] } = schema ? (schemaOf(schema, "input") as Json) : {};
    return Object.entries(properties as Record<string, Json>).map(([name, property]) => ({
      name,
      in: where,
      required: where === "path" || (required as string[]).includes(name),
      schema: property,
      ...(example?.[name] !== undefined && { example: example[name] }),
    }));
  };
  const { params, query, example } = operation;
  return [...listed(params, "path", example.params), ...listed(query, "query", example.query)];
}

function errorCodesOf({ access, operation }: Route<never>): ErrorCode[] {
  const { body, errors } = operation;
  // Every route refuses a query that would replace its headers.
  const codes: ErrorCode[] = [...errors, "INTERNAL", "VALIDATION_FAILED"];
  if (access !== "public") codes.push("UNAUTHENTICATED", "FORBIDDEN", "DEPENDENCY_UNAVAILABLE");
  if (body) codes.push("UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE");
  return [...new Set(codes)];
}

function responsesOf(route: Route<never>): Json {
  const { answers, example } = route.operation;
  const responses: Json = {};
  const failure = { $ref: "#/components/schemas/Error" };
  for (const [status, { description, schema }] of Object.entries(answers))
    responses[status] = {
      description,
      ...(schema && {
        content: {
          "application/json": {
            schema: Number(status) < 400 ? schemaOf(schema) : { allOf: [failure, schemaOf(schema)] },
            ...(status.startsWith("2") && example.answer !== undefined && { example: example.answer }),
          },
        },
      }),
    };
  for (const code of errorCodesOf(route).sort((a, b) => statusOf(a) - statusOf(b)))
    responses[statusOf(code)] ??= {
      description: code,
      content: { "application/json": { schema: failure } },
    };
  return responses;
}

function requestBodyOf({ operation }: Route<never>): Json {
  const { body, example, upload } = operation;
  const content: Json = {};
  if (body)
    content["application/json"] = {
      schema: schemaOf(body, "input"),
      ...(example.body !== undefined && { example: example.body }),
    };
  if (upload) {
    const file = { type: "string", contentMediaType: "application/octet-stream" };
    content["multipart/form-data"] = {
      schema: { type: "object", required: [upload.field], properties: { [upload.field]: file } },
    };
    for (const type of upload.contentTypes) content[type] = {};
  }
  return Object.keys(content).length > 0 ? { requestBody: { required: true, content } } : {};
}

/** @param prefix what the host puts before every route, such as /api */
export function openApiDocument(routes: readonly Route<never>[], prefix: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes.filter(({ path }) => !path.includes("{*"))) {
    const { access, methods, name, operation, path } = route;
    const template = path.replace(/\{(\w+):\w+\}/g, "{$1}");
    const listed = methods.filter((method) => method !== "HEAD");
    for (const method of listed) {
      paths[template] = {
        ...paths[template],
        [method.toLowerCase()]: {
          operationId: listed.length > 1 ? `${name}-${method.toLowerCase()}` : name,
          summary: operation.summary,
          ...(operation.description && { description: operation.description }),
          parameters: parametersOf(route),
          ...requestBodyOf(route),
          responses: responsesOf(route),
          security: access === "public" ? [] : [{ bearer: [] }],
          ...(access !== "public" && { "x-permission": access }),
        },
      };
    }
  }
  return {
    openapi: "3.1.0",
    info: { title: "Vitae", version: "1", description: "The backend of a résumé page: counter, images, links." },
    servers: [{ url: prefix }],
    paths,
    components: {
      schemas: { Error: errorSchema },
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
}
