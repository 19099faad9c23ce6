// The schemas and the examples of the OpenAPI document: examples pass their schemas, and schemas reject wrong calls.
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { type Described, document, type Json } from "./openapi.fixture.ts";

/** Every node of the document with both a schema and an example, and its path. */
function examples(node: unknown, path = ""): { path: string; schema: Json; example: unknown }[] {
  if (typeof node !== "object" || node === null) return [];
  const { schema, example } = node as { schema?: Json; example?: unknown };
  const own = schema !== undefined && example !== undefined ? [{ path, schema, example }] : [];
  return [...own, ...Object.entries(node).flatMap(([key, value]) => examples(value, `${path}/${key}`))];
}

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
  for (const field of ["page", "count", "today", "counted"]) {
    const { [field]: _, ...rest } = { page: "resume", count: 1, today: 1, counted: true } as Json;
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
    ...(requestBody?.content["text/csv"] ? ["body.line"] : []),
  ];
  for (const response of Object.values(responses)) {
    const [, name] = /([A-Z_]+)$/.exec(String(response.$ref ?? "")) ?? [];
    const { content } = (name ? (document.components.responses as Json)[name] : response) as {
      content?: Record<string, { example?: ErrorExample }>;
    };
    const error = content?.["application/json"]?.example?.error;
    for (const { path } of error?.details ?? []) expect(fields).toContain(path.replace(/\.\d+$/, ""));
    if (error?.code === "FORBIDDEN") expect(error.message).toContain(String(security[0]?.bearer));
    if (requestBody && !requestBody.content["application/json"]) expect(error?.message ?? "").not.toContain("JSON");
  }
});
