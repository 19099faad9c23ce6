// Describes one route as an operation of the OpenAPI document.
import { hasPermission, type Permission, roles } from "../access/permissions.ts";
import { type ErrorCode, statusOf } from "../errors.ts";
import { headerRefs, type Json, limitHeaders, parameterRefs, type SchemaOf } from "./openapi-components.ts";
import { errorResponse } from "./openapi-errors.ts";
import type { Access, Method, Route } from "./route.ts";

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
  const cookies = (operation.cookies ?? []).map((name) => ({
    name,
    in: "cookie",
    required: false,
    schema: { type: "string" },
  }));
  const headers = Object.entries(operation.requestHeaders ?? {}).map(([name, doc]) => ({
    name,
    in: "header",
    required: true,
    schema: { type: "string" },
    ...doc,
  }));
  const own = [...listed(params, "path", example.params), ...listed(query, "query", example.query)];
  return [...own, ...headers, ...cookies, ...parameterRefs];
}

function requestBodyOf({ operation }: Route<never>, schemaOf: SchemaOf): Json {
  const { body, csv, example, form, upload } = operation;
  const content: Json = {};
  const schema = body ?? form;
  if (schema)
    content[body ? "application/json" : "application/x-www-form-urlencoded"] = {
      schema: schemaOf(schema, "input"),
      ...(example.body !== undefined && { example: example.body }),
    };
  if (csv) content["text/csv"] = { schema: { type: "string", description: csv.description }, example: csv.example };
  if (upload) {
    const description = "The file with its name.";
    const file = { type: "string", contentMediaType: "application/octet-stream", description };
    content["multipart/form-data"] = {
      schema: { type: "object", required: [upload.field], properties: { [upload.field]: file } },
      encoding: { [upload.field]: { contentType: upload.contentTypes.join(", ") } },
    };
    for (const type of upload.contentTypes) content[type] = {};
  }
  return Object.keys(content).length > 0 ? { requestBody: { required: true, content } } : {};
}

const permissionOf = (access: Access): Permission | undefined =>
  access === "public" || access === "authenticated" ? undefined : access;

/** The codes that the handler throws, and those of the boundary for such a route. */
export function errorCodesOf({ access, limit, operation }: Route<never>): ErrorCode[] {
  const { body, csv, errors, form } = operation;
  // Every route rejects the reserved query parameter `headers`.
  const codes: ErrorCode[] = [...errors, "INTERNAL", "VALIDATION_FAILED"];
  if (access !== "public") codes.push("UNAUTHENTICATED", "DEPENDENCY_UNAVAILABLE");
  if (permissionOf(access)) codes.push("FORBIDDEN");
  // Requests without a valid token count by address, whatever the route's own limit.
  if (limit !== "none" || access !== "public") codes.push("RATE_LIMITED");
  if (body || csv || form) codes.push("UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE");
  return [...new Set(codes)].sort((one, other) => statusOf(one) - statusOf(other));
}

type ResponseDoc = Route<never>["operation"]["responses"][number];

function successResponse({ limit, operation: { example } }: Route<never>, doc: ResponseDoc, schemaOf: SchemaOf): Json {
  const { also = {}, description, headers = {}, schema, type = "application/json" } = doc;
  const own = Object.entries(headers).map(([name, doc]) => [
    name,
    { ...doc, required: true, schema: { type: "string" } },
  ]);
  const others = Object.entries(also).map(([name, { schema, example }]) => [
    name,
    { schema: schemaOf(schema), example },
  ]);
  return {
    description,
    headers: { ...headerRefs("X-Trace-ID", ...(limit === "none" ? [] : limitHeaders)), ...Object.fromEntries(own) },
    ...(schema && {
      content: {
        [type]: {
          schema: schemaOf(schema),
          ...(example.response !== undefined && { example: example.response }),
        },
        ...Object.fromEntries(others),
      },
    }),
  };
}

/** The message of the operation, or one that its permission gives. */
function messageOf({ access, operation }: Route<never>, code: ErrorCode): string | undefined {
  const permission = permissionOf(access);
  if (code === "FORBIDDEN" && permission) {
    const role = roles.find((each) => !hasPermission({ role: each }, permission)) ?? "of the token";
    return `This operation requires the permission ${permission}, which the role ${role} lacks.`;
  }
  return operation.errorMessages?.[code];
}

const sharedError = (code: ErrorCode): Json => ({ $ref: `#/components/responses/${code}` });

function responsesOf(route: Route<never>, method: Method, schemaOf: SchemaOf): Json {
  const docs = route.operation.responses;
  const responses: Record<string, Json> = {};
  for (const [status, doc] of Object.entries(docs))
    if (Number(status) < 400) responses[status] = successResponse(route, doc, schemaOf);
  const codes = errorCodesOf(route);
  const { errorShape } = route.operation;
  const limited = codes.includes("RATE_LIMITED");
  for (const code of codes) {
    const doc = docs[statusOf(code)];
    if (doc?.schema) {
      const extraFields = { ...doc, schema: schemaOf(doc.schema) };
      responses[statusOf(code)] = errorResponse(code, { errorShape, limited, extraFields });
      continue;
    }
    const message = messageOf(route, code);
    const isShared = method !== "HEAD" && message === undefined && errorShape === undefined;
    responses[statusOf(code)] = isShared ? sharedError(code) : errorResponse(code, { errorShape, limited, message });
  }
  if (method !== "HEAD") return responses;
  const withoutBody = ({ content: _, ...response }: Json) => response;
  return Object.fromEntries(Object.entries(responses).map(([status, response]) => [status, withoutBody(response)]));
}

export function describeOperation(route: Route<never>, method: Method, schemaOf: SchemaOf): Json {
  const { access, methods, name, operation } = route;
  const { description, summary, tag } = operation;
  const permission = permissionOf(access);
  const allowed = roles.filter((role) => permission && hasPermission({ role }, permission));
  const hasSeveralMethods = methods.filter((each) => each !== "HEAD").length > 1;
  const sentences = [
    ...(method === "HEAD" ? ["Returns the headers of GET without a body."] : []),
    ...(description ? [description] : []),
    ...(permission ? [`Requires the permission \`${permission}\` (${allowed.join(", ")}).`] : []),
    ...(access === "authenticated" ? ["Requires a token of any role."] : []),
  ];
  return {
    operationId: hasSeveralMethods || method === "HEAD" ? `${name}-${method.toLowerCase()}` : name,
    tags: [tag],
    summary: method === "HEAD" ? `${summary} (headers only)` : summary,
    ...(sentences.length > 0 && { description: sentences.join(" ") }),
    parameters: parametersOf(route, schemaOf),
    ...requestBodyOf(route, schemaOf),
    responses: responsesOf(route, method, schemaOf),
    security: access === "public" ? [] : [{ bearer: permission ? [permission] : [] }],
  };
}
