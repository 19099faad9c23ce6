// The OpenAPI document of this API against its routes, and the parts that every operation must have.
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { type ErrorCode, statusOf } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routes } from "../routes.ts";
import { api, document, type Json } from "./openapi.fixture.ts";

/** Paths that a template of OpenAPI can express. */
const listed = routes.filter(({ path }) => !path.includes("{*"));
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

test("the document has every route except the fallback and the console, with each of its methods, and no others", () => {
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
    const { body, csv, errorShape, form, responses, errors } = operation;
    const guarded = access !== "public";
    const boundary: ErrorCode[] = [
      "INTERNAL",
      "VALIDATION_FAILED",
      ...(body || csv || form ? (["UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE"] as const) : []),
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

test("every reference has a target", () => {
  const targets = JSON.stringify(document).matchAll(/"\$ref":"#\/(.+?)"/g);
  for (const [, target = ""] of targets) {
    const found = target.split("/").reduce<unknown>((node, key) => (node as Json | undefined)?.[key], document);
    expect(found, target).toBeDefined();
  }
});
