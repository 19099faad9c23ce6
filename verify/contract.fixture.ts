// An OpenAPI document as a contract: creates requests from its examples, and checks responses against it.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

type Json = Readonly<Record<string, unknown>>;
type Schema = Json;
type Header = { readonly required?: boolean; readonly schema: Schema };
type Described = {
  readonly headers?: Readonly<Record<string, Header | { readonly $ref: string }>>;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>;
};
type Parameter = { readonly name: string; readonly in: string; readonly example?: unknown };
type Operation = {
  readonly operationId: string;
  readonly parameters: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: Described;
  readonly responses: Readonly<Record<string, Described | { readonly $ref: string }>>;
  readonly security: readonly object[];
};
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
export type Case = { readonly method: string; readonly path: string; readonly operation: Operation };
type Call = { readonly path: string; readonly init: RequestInit };

/** Headers that browsers of other origins can read, and so clients may rely on. */
const EXPOSED = ["x-trace-id", "retry-after", "ratelimit", "ratelimit-policy", "location", "etag", "www-authenticate"];
const COMBINED = ["allOf", "anyOf", "oneOf"] as const;

const map = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

/** The same schema without additional properties. Parts of a combination are closed together. */
function closed(schema: Schema, isPart = false): Schema {
  const { items, properties } = schema as { items?: Schema; properties?: Record<string, Schema> };
  const combined = COMBINED.filter((word) => word in schema);
  return {
    ...schema,
    ...(properties && { properties: map(properties, (each) => closed(each)) }),
    ...(items && { items: closed(items) }),
    ...Object.fromEntries(combined.map((word) => [word, (schema[word] as Schema[]).map((each) => closed(each, true))])),
    ...(!isPart && (properties || combined.length > 0 || "$ref" in schema) && { unevaluatedProperties: false }),
  };
}

export function openContract(document: Document) {
  const ajv = addFormats.default(new Ajv2020({ keywords: ["components"], allErrors: true, strictTypes: false }));
  const components = {
    ...document.components,
    schemas: map(document.components.schemas, (each) => closed(each, true)),
  };
  const resolve = <T>(node: T | { readonly $ref: string }): T => {
    const { $ref } = node as { $ref?: string };
    if ($ref === undefined) return node as T;
    return $ref
      .slice(2)
      .split("/")
      .reduce<unknown>((found, key) => (found as Json)[key], document) as T;
  };
  /** By the schema in the document. Compiling one takes as long as a request, since it walks over all components. */
  const compiled = new Map<Schema, ValidateFunction>();
  const issuesOf = (schema: Schema, value: unknown): string[] => {
    const validate = compiled.get(schema) ?? ajv.compile({ ...closed(schema), components });
    compiled.set(schema, validate);
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      [instancePath, message, JSON.stringify(params)].join(" "),
    );
  };

  const cases: readonly Case[] = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

  /** A call with the values of the examples. The test adds a body that is no JSON. */
  function callOf({ method, path, operation }: Case): Call {
    const given = (where: "path" | "query") =>
      operation.parameters
        .map((each) => resolve<Parameter>(each))
        .flatMap((each): [string, string][] =>
          each.in === where && each.example !== undefined ? [[each.name, String(each.example)]] : [],
        );
    const filled = given("path").reduce(
      (left, [name, value]) => left.replace(`{${name}}`, encodeURIComponent(value)),
      path,
    );
    const query = new URLSearchParams(given("query")).toString();
    const json = operation.requestBody?.content?.["application/json"];
    const form = operation.requestBody?.content?.["application/x-www-form-urlencoded"];
    const csv = operation.requestBody?.content?.["text/csv"];
    return {
      path: query ? `${filled}?${query}` : filled,
      init: {
        method,
        ...(json && { headers: { "content-type": "application/json" } }),
        ...(json && { body: JSON.stringify(json.example) }),
        ...(csv && { headers: { "content-type": "text/csv" }, body: String(csv.example) }),
        ...(form && { headers: { "content-type": "application/x-www-form-urlencoded" } }),
        ...(form && { body: String(new URLSearchParams(form.example as Record<string, string>)) }),
      },
    };
  }

  /** The differences between a response and the document. */
  async function check({ method, operation }: Case, response: Response): Promise<string[]> {
    const found = operation.responses[response.status];
    if (!found) return [`status ${response.status} is not described`];
    const { content = {}, headers = {} } = resolve<Described>(found);
    const described = map(headers, (each) => resolve<Header>(each));
    const issues = EXPOSED.filter((name) => response.headers.has(name))
      .filter((name) => !Object.keys(described).some((each) => each.toLowerCase() === name))
      .map((name) => `header ${name} is not described`);
    for (const [name, { required, schema }] of Object.entries(described)) {
      const value = response.headers.get(name);
      if (value === null && required) issues.push(`header ${name} is missing`);
      const typed = schema.type === "integer" ? Number(value) : value;
      if (value !== null) issues.push(...issuesOf(schema, typed).map((issue) => `header ${name}: ${issue}`));
    }
    const text = await response.text();
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    if (method === "HEAD") return text === "" ? issues : [...issues, "a body in response to HEAD"];
    if (text === "" && Object.keys(content).length === 0) return issues;
    const schema = content[type]?.schema;
    if (!schema) return [...issues, `content type ${type || "none"} is not described`];
    const value = type === "application/json" ? JSON.parse(text) : text;
    return [...issues, ...issuesOf(schema, value).map((issue) => `body ${issue}`)];
  }

  return { cases, callOf, check };
}
