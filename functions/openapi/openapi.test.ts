// The OpenAPI document of this API against its routes and examples.
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { type ErrorCode, statusOf } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { describeApi } from "../lib/http/route-table.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import { routes } from "../routes.ts";

type Json = Readonly<Record<string, unknown>>;
type Described = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters: readonly Json[];
  readonly responses: Readonly<Record<string, Json>>;
};
type Document = {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: Readonly<Record<string, Json>>;
};
const api = describeApi(routes, ROUTE_PREFIX);
const document = api.document() as Document;
const listed = routes.filter(({ name }) => name !== "zz-fallback");
const templateOf = (path: string) => path.replace(/:[^}]+\}/g, "}");
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

test("the document is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(document.openapi).toMatch(/^3\.1\./);
});

test("GET /openapi.json returns the document", async () => {
  const route = routes.find(({ name }) => name === "openapi") ?? expect.fail("no such route");
  const deps = { api, authenticate: () => expect.fail("called authenticate") };
  const response = await invoke(route as never, deps, { url: "http://localhost/api/openapi.json" });
  expect(response.status).toBe(200);
  expect(JSON.parse(response.text)).toEqual(document);
});

test("the document has every route except the fallback, with each of its methods, and no others", () => {
  const wanted = listed.flatMap(({ path, methods }) =>
    methods.map((method) => `${method.toLowerCase()} ${templateOf(path)}`),
  );
  const found = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  );
  expect(found.sort()).toEqual(wanted.sort());
});

test.each(listed.map((route) => [route.name, route] as const))(
  "%s lists every response and every error of its handler and of the boundary",
  (_, { path, methods, access, limit, operation }) => {
    const { body, errorShape, form, responses, errors } = operation;
    const guarded = access !== "public";
    const boundary: ErrorCode[] = [
      "INTERNAL",
      "VALIDATION_FAILED",
      ...(body || form ? (["UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE"] as const) : []),
      ...(guarded ? (["UNAUTHENTICATED", "DEPENDENCY_UNAVAILABLE"] as const) : []),
      ...(guarded && access !== "authenticated" ? (["FORBIDDEN"] as const) : []),
      ...(guarded || limit !== "none" ? (["RATE_LIMITED"] as const) : []),
    ];
    const codes = [...errors, ...boundary];
    const wanted = new Set([...Object.keys(responses), ...codes.map((code) => String(statusOf(code)))]);
    for (const method of methods) {
      const { responses } = document.paths[templateOf(path)]?.[method.toLowerCase()] ?? expect.fail("absent");
      expect(Object.keys(responses).sort()).toEqual([...wanted].sort());
      for (const code of errorShape ? [] : codes) expect(JSON.stringify(responses[statusOf(code)])).toContain(code);
    }
  },
);

test("each operation has a unique id, a summary and one described tag", () => {
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  const tags = document.tags.map(({ name }) => name);
  for (const { summary, tags: own } of operations) {
    expect(summary).toMatch(/\S/);
    expect(tags).toEqual(expect.arrayContaining([...own]));
    expect(own).toHaveLength(1);
  }
  expect(new Set(operations.flatMap((each) => each.tags))).toEqual(new Set(tags));
});

test("each parameter, response and header has a description", () => {
  const parameters = [
    ...operations.flatMap((each) => each.parameters),
    ...Object.values(document.components.parameters as Json),
  ];
  const responses = [
    ...operations.flatMap((each) => Object.values(each.responses)),
    ...Object.values(document.components.responses as Json),
  ];
  for (const each of [...parameters, ...responses, ...Object.values(document.components.headers as Json)])
    expect(each).toSatisfy((value: Json) => "$ref" in value || /\S/.test(String(value.description)));
});

/** Every node of the document with both a schema and an example, and its path. */
function examples(node: unknown, path = ""): { path: string; schema: Json; example: unknown }[] {
  if (typeof node !== "object" || node === null) return [];
  const { schema, example } = node as { schema?: Json; example?: unknown };
  const own = schema !== undefined && example !== undefined ? [{ path, schema, example }] : [];
  return [...own, ...Object.entries(node).flatMap(([key, value]) => examples(value, `${path}/${key}`))];
}

test("every reference has a target", () => {
  const targets = JSON.stringify(document).matchAll(/"\$ref":"#\/(.+?)"/g);
  for (const [, target = ""] of targets) {
    const found = target.split("/").reduce<unknown>((node, key) => (node as Json | undefined)?.[key], document);
    expect(found, target).toBeDefined();
  }
});

const ajv = addFormats.default(new Ajv2020({ keywords: ["components"], allErrors: true }));
/** References in a schema point to the components of the document. */
function errorsOf(schema: Json, value: unknown) {
  const validate = ajv.compile({ ...schema, components: document.components });
  validate(value);
  return validate.errors ?? [];
}

test.each(examples(document).map((each) => [each.path, each] as const))(
  "the example at %s passes its schema",
  (_, each) => {
    expect(errorsOf(each.schema, each.example)).toEqual([]);
  },
);

test("each JSON body has an example, except the document itself", () => {
  const found = new Set(examples(document.paths).map(({ path }) => path));
  const wanted = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { responses, requestBody }]: [string, Described & { requestBody?: Json }]) =>
      [
        ["requestBody", requestBody] as const,
        ...Object.entries(responses).map(([status, response]) => [`responses/${status}`, response] as const),
      ]
        .filter(([, holder]) => (holder?.content as Json | undefined)?.["application/json"] !== undefined)
        .map(([where]) => `/${path}/${method}/${where}/content/application/json`),
    ),
  );
  expect(wanted.length).toBeGreaterThan(8);
  expect(wanted.filter((path) => !found.has(path))).toEqual([
    "//openapi.json/get/responses/200/content/application/json",
  ]);
});

/** The schema of JSON content at these keys below `paths`. */
const schemaAt = (...keys: readonly string[]) =>
  [...keys, "content", "application/json", "schema"].reduce<unknown>(
    (node, key) => (node as Json | undefined)?.[key],
    document.paths,
  ) as Json;
const linkRequest = { imageId: "0198c0de-0000-7000-8000-00000000abcd", variant: "thumbnail", expiresIn: 3600 };

// A client that is generated from the document rejects the same calls when it compiles.
test.each<[string, object]>([
  ["without a required field", { ...linkRequest, variant: undefined }],
  ["with an unknown field", { ...linkRequest, expires: 3600 }],
  ["with an unknown variant", { ...linkRequest, variant: "poster" }],
  ["with a field of the wrong type", { ...linkRequest, expiresIn: "1h" }],
])("the document rejects a link request %s", (_, body) => {
  const schema = schemaAt("/v1/sas", "post", "requestBody");
  expect(errorsOf(schema, linkRequest)).toEqual([]);
  expect(errorsOf(schema, JSON.parse(JSON.stringify(body)))).not.toEqual([]);
});

test("the document promises every field of a counted visit, requires its page, and lists the error codes", () => {
  const visit = schemaAt("/v1/visits/{page}", "post", "responses", "200");
  for (const field of ["page", "count", "today"]) {
    const { [field]: _, ...rest } = { page: "resume", count: 1, today: 1 } as Json;
    expect(errorsOf(visit, rest)).toMatchObject([{ keyword: "required" }]);
  }
  expect(document.paths["/v1/visits/{page}"]?.post?.parameters).toContainEqual(
    expect.objectContaining({ name: "page", in: "path", required: true }),
  );
  const error = (code: string) => ({ error: { code, message: "x", trace_id: "a".repeat(32) } });
  expect(errorsOf({ $ref: "#/components/schemas/Error" }, error("NOT_FOUND"))).toEqual([]);
  expect(errorsOf({ $ref: "#/components/schemas/Error" }, error("NO_PAGE"))).toMatchObject([{ keyword: "enum" }]);
});

type ErrorExample = { error: { code: string; message: string; details?: { path: string }[] } };
const described = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, each]) => [`${method} ${path}`, each as Json] as const),
);

test.each(described)("the error examples of %s name its own fields and its own permission", (_, operation) => {
  const { parameters, requestBody, responses, security } = operation as {
    parameters: { in?: string; name?: string }[];
    requestBody?: { content: Record<string, { schema?: { properties?: Json; anyOf?: { properties?: Json }[] } }> };
    responses: Record<string, Json>;
    security: { bearer?: string[] }[];
  };
  const schema = requestBody?.content["application/json"]?.schema;
  const properties = [schema, ...(schema?.anyOf ?? [])].flatMap((shape) => Object.keys(shape?.properties ?? {}));
  const fields = [
    "query.headers",
    ...parameters.map((each) => `${each.in}.${each.name}`),
    ...properties.map((name) => `body.${name}`),
  ];
  for (const response of Object.values(responses)) {
    const [, name] = /([A-Z_]+)$/.exec(String(response.$ref ?? "")) ?? [];
    const { content } = (name ? (document.components.responses as Json)[name] : response) as {
      content?: Record<string, { example?: ErrorExample }>;
    };
    const error = content?.["application/json"]?.example?.error;
    for (const { path } of error?.details ?? []) expect(fields).toContain(path);
    if (error?.code === "FORBIDDEN") expect(error.message).toContain(String(security[0]?.bearer));
    if (requestBody && !requestBody.content["application/json"]) expect(error?.message ?? "").not.toContain("JSON");
  }
});
