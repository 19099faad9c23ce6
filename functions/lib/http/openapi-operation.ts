// One operation of the OpenAPI document, from its route.
import { mayDo, roles } from "../access/permissions.ts";
import { type ErrorCode, statusOf } from "../errors.ts";
import { errorResponse } from "./openapi-errors.ts";
import { headerRefs, limitHeaders, parameterRefs } from "./openapi-headers.ts";
import type { Json, SchemaOf } from "./openapi-schemas.ts";
import { tagOf } from "./openapi-tags.ts";
import type { Method, Route } from "./operation.ts";

function parametersOf({ operation }: Route<never>, schemaOf: SchemaOf): Json[] {
  const listed = (schema: Parameters<SchemaOf>[0] | undefined, where: "path" | "query", example: Json | undefined) => {
    const { properties = {}, required = [] } = schema ? schemaOf(schema, "input") : {};
    return Object.entries(properties as Record<string, Json>).map(([name, { description, ...property }]) => ({
      name,
      in: where,
      ...(description !== undefined && { description }),
      required: where === "path" || (required as string[]).includes(name),
      schema: property,
      ...(example?.[name] !== undefined && { example: example[name] }),
    }));
  };
  const { params, query, example } = operation;
  return [...listed(params, "path", example.params), ...listed(query, "query", example.query), ...parameterRefs];
}

function requestBodyOf({ operation }: Route<never>, schemaOf: SchemaOf): Json {
  const { body, example, upload } = operation;
  const content: Json = {};
  if (body)
    content["application/json"] = {
      schema: schemaOf(body, "input"),
      ...(example.body !== undefined && { example: example.body }),
    };
  if (upload) {
    const description = "The file, with its name.";
    const file = { type: "string", contentMediaType: "application/octet-stream", description };
    content["multipart/form-data"] = {
      schema: { type: "object", required: [upload.field], properties: { [upload.field]: file } },
      encoding: { [upload.field]: { contentType: upload.contentTypes.join(", ") } },
    };
    for (const type of upload.contentTypes) content[type] = {};
  }
  return Object.keys(content).length > 0 ? { requestBody: { required: true, content } } : {};
}

/** What the handler can fail with, and what the boundary does for every route like it. */
export function errorCodesOf({ access, limit, operation }: Route<never>): ErrorCode[] {
  const { body, errors } = operation;
  // Every route refuses a query that would replace its headers.
  const codes: ErrorCode[] = [...errors, "INTERNAL", "VALIDATION_FAILED"];
  if (access !== "public") codes.push("UNAUTHENTICATED", "FORBIDDEN", "DEPENDENCY_UNAVAILABLE");
  // Whoever comes without a valid token is limited by address, whatever the route's own class.
  if (limit !== "none" || access !== "public") codes.push("RATE_LIMITED");
  if (body) codes.push("UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE");
  return [...new Set(codes)].sort((one, other) => statusOf(one) - statusOf(other));
}

type AnswerDoc = Route<never>["operation"]["answers"][number];

function answerResponse({ limit, operation: { example } }: Route<never>, answer: AnswerDoc, schemaOf: SchemaOf): Json {
  const { description, headers = {}, schema, type = "application/json" } = answer;
  const own = Object.entries(headers).map(([name, doc]) => [
    name,
    { ...doc, required: true, schema: { type: "string" } },
  ]);
  return {
    description,
    headers: { ...headerRefs("X-Trace-ID", ...(limit === "none" ? [] : limitHeaders)), ...Object.fromEntries(own) },
    ...(schema && {
      content: {
        [type]: {
          schema: schemaOf(schema),
          ...(example.answer !== undefined && { example: example.answer }),
        },
      },
    }),
  };
}

const sharedError = (code: ErrorCode): Json => ({ $ref: `#/components/responses/${code}` });

function responsesOf(route: Route<never>, method: Method, schemaOf: SchemaOf): Json {
  const { answers } = route.operation;
  const responses: Record<string, Json> = {};
  for (const [status, answer] of Object.entries(answers))
    if (Number(status) < 400) responses[status] = answerResponse(route, answer, schemaOf);
  const codes = errorCodesOf(route);
  const limited = codes.includes("RATE_LIMITED");
  for (const code of codes) {
    const own = answers[statusOf(code)];
    if (own?.schema) {
      const beside = { ...own, schema: schemaOf(own.schema) };
      responses[statusOf(code)] = errorResponse(code, { limited, beside });
    } else responses[statusOf(code)] = method === "HEAD" ? errorResponse(code, { limited }) : sharedError(code);
  }
  if (method !== "HEAD") return responses;
  const bodiless = ({ content: _, ...response }: Json) => response;
  return Object.fromEntries(Object.entries(responses).map(([status, response]) => [status, bodiless(response)]));
}

export function describeOperation(route: Route<never>, method: Method, schemaOf: SchemaOf): Json {
  const { access, methods, name, operation } = route;
  const { description, summary } = operation;
  const allowed = roles.filter((role) => access !== "public" && mayDo({ role }, access));
  const several = methods.filter((each) => each !== "HEAD").length > 1;
  const words = [
    ...(method === "HEAD" ? ["The headers that GET answers, and no body."] : []),
    ...(description ? [description] : []),
    ...(access === "public" ? [] : [`Needs the permission \`${access}\` (${allowed.join(", ")}).`]),
  ];
  return {
    operationId: several || method === "HEAD" ? `${name}-${method.toLowerCase()}` : name,
    ...(name !== "zz-fallback" && { tags: [tagOf[name]] }),
    summary: method === "HEAD" ? `${summary} (headers only)` : summary,
    ...(words.length > 0 && { description: words.join(" ") }),
    parameters: parametersOf(route, schemaOf),
    ...requestBodyOf(route, schemaOf),
    responses: responsesOf(route, method, schemaOf),
    security: access === "public" ? [] : [{ bearer: [access] }],
  };
}
