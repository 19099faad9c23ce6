// The document of this API, held against its routes.
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { type ErrorCode, statusOf } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.simulation.ts";
import { describeApi } from "../lib/http/route-table.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import { routes } from "../routes.ts";

type Described = {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, object>>;
};
const api = describeApi(routes, ROUTE_PREFIX);
const document = api.document() as { openapi: string; paths: Record<string, Record<string, Described>> };
const listed = routes.filter(({ name }) => name !== "zz-fallback");
const describedAt = (path: string) => document.paths[path.replace(/:\w+\}/g, "}")] ?? {};

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
    methods.filter((method) => method !== "HEAD").map((method) => `${method.toLowerCase()} ${path}`),
  );
  const found = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((at) => `${at} ${path}`),
  );
  expect(found.sort()).toEqual(wanted.map((line) => line.replace(/:\w+\}/g, "}")).sort());
});

test.each(listed.map((route) => [route.name, route] as const))(
  "%s has every answer and every error of its handler and of the boundary",
  (_, { path, methods, access, operation }) => {
    const { body, answers, errors } = operation;
    const boundary: ErrorCode[] = [
      "INTERNAL",
      "VALIDATION_FAILED",
      ...(body ? (["UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE"] as const) : []),
      ...(access === "public" ? [] : (["UNAUTHENTICATED", "FORBIDDEN", "DEPENDENCY_UNAVAILABLE"] as const)),
    ];
    const wanted = new Set([
      ...Object.keys(answers),
      ...[...errors, ...boundary].map((code) => String(statusOf(code))),
    ]);
    for (const method of methods.filter((each) => each !== "HEAD")) {
      const { responses } = describedAt(path)[method.toLowerCase()] ?? expect.fail(`${method} ${path} is absent`);
      expect(Object.keys(responses).sort()).toEqual([...wanted].sort());
      for (const code of [...errors, ...boundary])
        expect(JSON.stringify(responses[statusOf(code)])).toContain('{"$ref":"#/components/schemas/Error"}');
    }
  },
);

test("each operation has an id of its own", () => {
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});
