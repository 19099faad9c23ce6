// How each part of a route appears in the OpenAPI document.
import { expect, test } from "vitest";
import { z } from "zod";
import { openApiDocument } from "./openapi.ts";
import { operation } from "./operation.ts";
import { type Route, routesFor } from "./route.ts";

const route = routesFor<object>();
const common = { tag: "Service", handler: async (_request: object, _deps: object) => ({}) } as const;
const part = z.object({ at: z.iso.datetime() }).meta({ id: "Part" });
const thing = z.object({ name: z.string(), parts: z.array(part) }).meta({ id: "Thing" });
const ID = "0198c0de-0000-7000-8000-000000000000";

const routes: Route<never>[] = [
  route(
    "image-read",
    "GET",
    "/v1/things/{id:guid}",
    "images:write",
    "none",
    operation({
      ...common,
      summary: "Read a thing",
      description: "At length.",
      params: z.object({ id: z.guid().meta({ description: "Which." }) }),
      query: z.object({ limit: z.coerce.number().int().max(50).default(20), cursor: z.string().optional() }),
      responses: { 200: { description: "The thing.", schema: thing }, 204: { description: "None." } },
      errors: ["NOT_FOUND"],
      example: { params: { id: ID }, query: { limit: 5 }, response: { name: "n", parts: [] } },
    }),
  ),
  route(
    "image-upload",
    ["POST", "PUT"],
    "/v1/things",
    "public",
    "uploads",
    operation({
      ...common,
      summary: "Make a thing",
      body: z.strictObject({ name: z.string().default("n") }),
      responses: {
        201: {
          description: "Made.",
          schema: thing,
          headers: { Location: { description: "Where.", example: `/api/v1/things/${ID}` } },
        },
        409: { description: "It exists already.", schema: z.object({ existing: thing }), example: { existing: "x" } },
      },
      errors: ["CONFLICT"],
      example: { body: { name: "n" } },
    }),
  ),
  route(
    "sas-issue",
    "POST",
    "/v1/text",
    "public",
    "none",
    operation({
      ...common,
      summary: "Say a thing",
      upload: { field: "file", contentTypes: ["image/png", "image/gif"] },
      responses: { 200: { description: "Said.", type: "text/plain", schema: z.string() } },
      errors: [],
      example: { response: "words" },
    }),
  ),
  route(
    "zz-fallback",
    "GET",
    "/{*path}",
    "public",
    "none",
    operation({
      ...common,
      summary: "x",
      params: z.object({ path: z.string() }),
      responses: {},
      errors: [],
      example: {},
    }),
  ),
];
type Response = { headers?: Record<string, object>; content?: Record<string, object>; $ref?: string };
type Described = { parameters: object[]; responses: Record<string, Response>; [field: string]: unknown };
const { paths, ...rest } = openApiDocument(routes, { prefix: "/api", version: "1.2.3" }) as {
  paths: Record<string, Record<string, Described>>;
  components: { responses: object; schemas: Record<string, object> };
};
const at = (path: string, method: string) => paths[path]?.[method] ?? expect.fail(`no ${method} ${path}`);

test("the document has the given version and prefix", () => {
  expect(rest).toMatchObject({
    info: { version: "1.2.3", license: { identifier: "MIT" } },
    servers: [{ url: "/api" }],
  });
});

test("paths have no route constraints, and the fallback is not listed", () => {
  expect(Object.keys(paths)).toEqual(["/v1/things/{id}", "/v1/things", "/v1/text"]);
});

test("the parameters of an operation are those of its path and query, and the trace id", () => {
  expect(at("/v1/things/{id}", "get").parameters).toEqual([
    { name: "id", in: "path", required: true, description: "Which.", schema: expect.anything(), example: ID },
    { name: "limit", in: "query", required: false, schema: expect.objectContaining({ default: 20 }), example: 5 },
    { name: "cursor", in: "query", required: false, schema: { type: "string" } },
    { $ref: "#/components/parameters/TraceId" },
  ]);
});

test("the responses of an operation are its own, and the errors of its handler and of the boundary", () => {
  const { responses } = at("/v1/things/{id}", "get");
  expect(Object.keys(responses)).toEqual(["200", "204", "400", "401", "403", "404", "429", "500", "503"]);
  expect(responses[200]?.content).toEqual({
    "application/json": { schema: { $ref: "#/components/schemas/Thing" }, example: { name: "n", parts: [] } },
  });
  expect(responses[404]).toEqual({ $ref: "#/components/responses/NOT_FOUND" });
  expect(Object.keys(at("/v1/things", "post").responses)).toEqual("201 400 409 413 415 429 500".split(" "));
  expect(Object.keys(at("/v1/text", "post").responses)).toEqual(["200", "400", "500"]);
  for (const code of ["NOT_FOUND", "CONFLICT", "UNAUTHENTICATED", "RATE_LIMITED"])
    expect(rest.components.responses).toHaveProperty(code);
});

test("a response lists the common headers, those of its limit, and its own", () => {
  const names = (path: string, method: string, status: number) =>
    Object.keys(at(path, method).responses[status]?.headers ?? {});
  expect(names("/v1/things", "post", 201)).toEqual(["X-Trace-ID", "RateLimit", "RateLimit-Policy", "Location"]);
  expect(names("/v1/text", "post", 200)).toEqual(["X-Trace-ID"]);
  expect(rest.components.responses).toMatchObject({
    RATE_LIMITED: { headers: { "Retry-After": expect.anything() } },
    DEPENDENCY_UNAVAILABLE: { headers: { "Retry-After": expect.anything() } },
    UNAUTHENTICATED: { headers: { "WWW-Authenticate": expect.anything() } },
  });
});

test("an error response with additional fields is described with them", () => {
  expect(at("/v1/things", "post").responses[409]).toMatchObject({
    description: "CONFLICT: It exists already.",
    content: {
      "application/json": {
        schema: { allOf: [{ $ref: "#/components/schemas/Error" }, { type: "object" }] },
        example: { error: { code: "CONFLICT" }, existing: "x" },
      },
    },
  });
});

test("HEAD has the responses of GET without bodies", () => {
  const { operationId, responses } = at("/v1/things/{id}", "head");
  expect(operationId).toBe("image-read-head");
  expect(Object.keys(responses)).toEqual(Object.keys(at("/v1/things/{id}", "get").responses));
  for (const response of Object.values(responses)) {
    expect(response.headers).toHaveProperty("X-Trace-ID");
    expect(response).not.toHaveProperty("content");
    expect(response).not.toHaveProperty("$ref");
  }
});

test("an operation names its permission and the roles that have it, and a public one requires no token", () => {
  const { description, security } = at("/v1/things/{id}", "get");
  expect(security).toEqual([{ bearer: ["images:write"] }]);
  expect(description).toBe("At length. Requires the permission `images:write` (owner, editor).");
  expect(at("/v1/things", "post").security).toEqual([]);
});

test("a request body requires no field with a default, and allows no other fields", () => {
  const properties = { name: { type: "string", default: "n" } };
  expect(at("/v1/things", "post").requestBody).toEqual({
    required: true,
    content: {
      "application/json": {
        schema: { type: "object", properties, additionalProperties: false },
        example: { name: "n" },
      },
    },
  });
});

test("an upload is a form or a raw file, and a text response has its own type", () => {
  const { requestBody, responses } = at("/v1/text", "post");
  const types = Object.keys((requestBody as Required<Response>).content);
  expect(types).toEqual(["multipart/form-data", "image/png", "image/gif"]);
  expect(responses[200]?.content).toEqual({ "text/plain": { schema: { type: "string" }, example: "words" } });
});

test("a schema with an id is listed once, allows additional fields, and has no pattern for dates", () => {
  expect(rest.components.schemas.Part).toEqual({
    type: "object",
    properties: { at: { type: "string", format: "date-time" } },
    required: ["at"],
  });
  expect(JSON.stringify(rest.components.schemas.Thing)).toContain('{"$ref":"#/components/schemas/Part"}');
});

test("each operation has a unique id, also on a route with several methods", () => {
  const ids = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  expect(ids).toEqual(["image-read", "image-read-head", "image-upload-post", "image-upload-put", "sas-issue"]);
});
