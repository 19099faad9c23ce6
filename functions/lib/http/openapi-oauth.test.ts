// How an operation with a form, the error shape of OAuth or no particular permission appears in the OpenAPI document.
import { expect, test } from "vitest";
import { z } from "zod";
import { openApiDocument } from "./openapi.ts";
import { operation } from "./operation.ts";
import { type Route, routesFor } from "./route.ts";

const route = routesFor<object>();
const common = { tag: "Accounts", summary: "x", responses: { 200: { description: "x" } }, errors: [] } as const;
const handler = async (_request: object, _deps: object) => ({});
const token = operation({
  ...common,
  form: z.strictObject({ username: z.string(), password: z.string() }),
  errorShape: "oauth",
  cookies: ["c"],
  example: { body: { username: "a", password: "p" } },
  handler,
});
const me = operation({
  ...common,
  params: z.object({ id: z.string() }),
  example: { params: { id: "aaaaa" } },
  handler,
});
const routes: Route<never>[] = [
  route("image-read", "POST", "/v1/auth/token", "public", "default", token),
  route("image-upload", "DELETE", "/v1/users/{id:minlength(5)}", "authenticated", "default", me),
];
const document = openApiDocument(routes, { prefix: "/api", version: "1" }) as {
  paths: Record<string, Record<string, Record<string, unknown>>>;
  components: { schemas: Record<string, unknown> };
  tags: readonly { name: string }[];
};
const post = document.paths["/v1/auth/token"]?.post ?? {};
const remove = document.paths["/v1/users/{id}"]?.delete ?? {};

test("a form has its own content type, and its example", () => {
  expect(post.requestBody).toEqual({
    required: true,
    content: {
      "application/x-www-form-urlencoded": {
        schema: expect.objectContaining({ required: ["username", "password"], additionalProperties: false }),
        example: { username: "a", password: "p" },
      },
    },
  });
  expect(post.parameters).toContainEqual({ name: "c", in: "cookie", required: false, schema: { type: "string" } });
});

test("an operation with the error shape of OAuth describes each error in it", () => {
  const responses = post.responses as Record<string, { content?: Record<string, { schema: object; example: object }> }>;
  expect(Object.keys(responses)).toEqual(["200", "400", "413", "415", "429", "500"]);
  for (const [status, error] of Object.entries({
    400: "invalid_request",
    429: "temporarily_unavailable",
    500: "server_error",
  }))
    expect(responses[status]?.content?.["application/json"]).toEqual({
      schema: { $ref: "#/components/schemas/OAuthError" },
      example: { error, error_description: expect.stringMatching(/^[^"\\]+$/), trace_id: expect.any(String) },
    });
  expect(document.components.schemas.OAuthError).toMatchObject({
    required: ["error", "error_description", "trace_id"],
  });
});

test("an operation for any caller requires a token and no permission", () => {
  expect(remove.security).toEqual([{ bearer: [] }]);
  expect(remove.description).toBe("Requires a token of any role.");
  expect(Object.keys(remove.responses as object)).toEqual(["200", "400", "401", "429", "500", "503"]);
});

test("the document lists only tags that an operation has", () => {
  expect(document.tags.map(({ name }) => name)).toEqual(["Accounts"]);
});
