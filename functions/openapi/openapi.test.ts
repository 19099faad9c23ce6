// The document of this API, held against its routes.
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
const templateOf = (path: string) => path.replace(/:\w+\}/g, "}");
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

test("the document is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(document.openapi).toMatch(/^3\.1\./);
});

test("GET /openapi.json answers it, with nothing lost on the way", async () => {
  const route = routes.find(({ name }) => name === "openapi") ?? expect.fail("no such route");
  const deps = { api, verifyToken: () => expect.fail("asked for a token") };
  const reply = await invoke(route as never, deps, { url: "http://localhost/api/openapi.json" });
  expect(reply.status).toBe(200);
  expect(JSON.parse(reply.text)).toEqual(document);
});

test("it has every route but the fallback, under each of its methods, and nothing else", () => {
  const wanted = listed.flatMap(({ path, methods }) =>
    methods.map((method) => `${method.toLowerCase()} ${templateOf(path)}`),
  );
  const found = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  );
  expect(found.sort()).toEqual(wanted.sort());
});

test.each(listed.map((route) => [route.name, route] as const))(
  "%s has every answer and every error of its handler and of the boundary",
  (_, { path, methods, access, limit, operation }) => {
    const { body, responses, errors } = operation;
    const guarded = access !== "public";
    const boundary: ErrorCode[] = [
      "INTERNAL",
      "VALIDATION_FAILED",
      ...(body ? (["UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE"] as const) : []),
      ...(guarded ? (["UNAUTHENTICATED", "FORBIDDEN", "DEPENDENCY_UNAVAILABLE"] as const) : []),
      ...(guarded || limit !== "none" ? (["RATE_LIMITED"] as const) : []),
    ];
    const codes = [...errors, ...boundary];
    const wanted = new Set([...Object.keys(responses), ...codes.map((code) => String(statusOf(code)))]);
    for (const method of methods) {
      const { responses } = document.paths[templateOf(path)]?.[method.toLowerCase()] ?? expect.fail("absent");
      expect(Object.keys(responses).sort()).toEqual([...wanted].sort());
      for (const code of codes) expect(JSON.stringify(responses[statusOf(code)])).toContain(code);
    }
  },
);

test("each operation has an id of its own, a summary, and a heading that is described", () => {
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  const tags = document.tags.map(({ name }) => name);
  for (const { summary, tags: own } of operations) {
    expect(summary).toMatch(/\S/);
    expect(tags).toEqual(expect.arrayContaining([...own]));
    expect(own).toHaveLength(1);
  }
  expect(new Set(operations.flatMap((each) => each.tags))).toEqual(new Set(tags));
});

test("each parameter, answer and header is described", () => {
  const parameters = [
    ...operations.flatMap((each) => each.parameters),
    ...Object.values(document.components.parameters as Json),
  ];
  const answers = [
    ...operations.flatMap((each) => Object.values(each.responses)),
    ...Object.values(document.components.responses as Json),
  ];
  for (const each of [...parameters, ...answers, ...Object.values(document.components.headers as Json)])
    expect(each).toSatisfy((value: Json) => "$ref" in value || /\S/.test(String(value.description)));
});

/** Everything in the document that has an example beside its schema, with the way to it. */
function examples(node: unknown, way = ""): { way: string; schema: Json; example: unknown }[] {
  if (typeof node !== "object" || node === null) return [];
  const { schema, example } = node as { schema?: Json; example?: unknown };
  const own = schema !== undefined && example !== undefined ? [{ way, schema, example }] : [];
  return [...own, ...Object.entries(node).flatMap(([key, value]) => examples(value, `${way}/${key}`))];
}

test("every reference leads somewhere", () => {
  const targets = JSON.stringify(document).matchAll(/"\$ref":"#\/(.+?)"/g);
  for (const [, target = ""] of targets) {
    const found = target.split("/").reduce<unknown>((node, key) => (node as Json | undefined)?.[key], document);
    expect(found, target).toBeDefined();
  }
});

const ajv = addFormats.default(new Ajv2020({ keywords: ["components"], allErrors: true }));

test.each(examples(document).map((each) => [each.way, each] as const))(
  "the example at %s passes its schema",
  (_, each) => {
    // References are to the components of the document.
    const validate = ajv.compile({ ...each.schema, components: document.components });
    validate(each.example);
    expect(validate.errors ?? []).toEqual([]);
  },
);

test("each operation with a body or a JSON answer has an example of it, but for the document itself", () => {
  const found = new Set(examples(document.paths).map(({ way }) => way));
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
  expect(wanted.filter((way) => !found.has(way))).toEqual([
    "//openapi.json/get/responses/200/content/application/json",
  ]);
});
