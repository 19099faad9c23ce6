// The document of routes made by hand: what each part of a route becomes.
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { z } from "zod";
import { openApiDocument } from "./openapi.ts";
import { operation, type Route, routesFor } from "./operation.ts";

const route = routesFor<object>();
const handler = async (_request: object, _deps: object) => ({});
const thing = z.object({ name: z.string() });

const routes: Route<never>[] = [
  route(
    "openapi",
    ["GET"],
    "/v1/things/{id:guid}",
    "images:read",
    "none",
    operation({
      summary: "Read a thing",
      description: "At length.",
      params: z.object({ id: z.guid() }),
      query: z.object({ limit: z.coerce.number().int().max(50).default(20), cursor: z.string().optional() }),
      answers: { 200: { description: "The thing.", schema: thing }, 204: { description: "None." } },
      errors: ["NOT_FOUND"],
      example: { params: { id: "0198c0de-0000-7000-8000-000000000000" }, query: { limit: 5 }, answer: { name: "n" } },
      handler,
    }),
  ),
  route(
    "health-live",
    ["POST", "PUT"],
    "/v1/things",
    "public",
    "none",
    operation({
      summary: "Make a thing",
      body: z.object({ name: z.string().default("n") }),
      answers: { 201: { description: "Made.", schema: thing } },
      errors: ["CONFLICT"],
      example: { body: { name: "n" } },
      handler,
    }),
  ),
  route(
    "zz-fallback",
    "GET",
    "/{*path}",
    "public",
    "none",
    operation({
      summary: "x",
      params: z.object({ path: z.string() }),
      answers: {},
      errors: [],
      example: {},
      handler,
    }),
  ),
];
type Described = { parameters: object[]; responses: object; [field: string]: unknown };
const { paths, ...rest } = openApiDocument(routes, "/api") as { paths: Record<string, Record<string, Described>> };

test("the document is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate({ ...rest, paths });
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});

test("constraints leave the path, and the fallback the document", () => {
  expect(Object.keys(paths)).toEqual(["/v1/things/{id}", "/v1/things"]);
});

test("a route's parameters are those of its path, required, and those of its query, as they are sent", () => {
  expect(paths["/v1/things/{id}"]?.get?.parameters).toMatchObject([
    { name: "id", in: "path", required: true, example: "0198c0de-0000-7000-8000-000000000000" },
    { name: "limit", in: "query", required: false, schema: { default: 20 }, example: 5 },
    { name: "cursor", in: "query", required: false },
  ]);
});

test("a route's answers are its own and every error that it or the boundary can give", () => {
  const { responses } = paths["/v1/things/{id}"]?.get ?? expect.fail("no such operation");
  expect(Object.keys(responses)).toEqual(["200", "204", "400", "401", "403", "404", "500", "503"]);
  expect(responses).toMatchObject({
    200: { content: { "application/json": { example: { name: "n" } } } },
    404: { content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
  });
  expect(Object.keys(paths["/v1/things"]?.post?.responses ?? {})).toEqual(["201", "400", "409", "413", "415", "500"]);
});

test("a permission asks for a token, and a public route says that it asks for none", () => {
  expect(paths["/v1/things/{id}"]?.get).toMatchObject({ security: [{ bearer: [] }], "x-permission": "images:read" });
  expect(paths["/v1/things"]?.post).toMatchObject({ security: [] });
});

test("a body is described as it is sent: what has a default may be left out", () => {
  expect(paths["/v1/things"]?.post?.requestBody).toEqual({
    required: true,
    content: {
      "application/json": {
        schema: { type: "object", properties: { name: { type: "string", default: "n" } } },
        example: { name: "n" },
      },
    },
  });
});

test("each operation has an id of its own, also where a route takes several methods", () => {
  const ids = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  expect(ids).toEqual(["openapi", "health-live-post", "health-live-put"]);
});
