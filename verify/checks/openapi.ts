// The OpenAPI document, if it is served, is valid and describes the counter.
import { Validator } from "@seriousme/openapi-schema-validator";
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import { jsonOf } from "../response-shape.ts";

export const openapi = check({
  name: "openapi",
  needs: [],
  async run({ client }) {
    const response = await client.call("/openapi.json");
    if (response.status === 404) return "not served";
    const look = "the deployed package, whose routes generate the document";
    const document = jsonOf<{ openapi: string; paths: Record<string, object> }>(response, { status: 200, look });
    const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown>);
    must(valid, { expected: "a valid OpenAPI document", received: JSON.stringify(errors ?? []).slice(0, 200), look });
    const paths = Object.keys(document.paths ?? {});
    must(paths.includes("/v1/visits/{page}"), {
      expected: "the path /v1/visits/{page}",
      received: paths.join(", ").slice(0, 200) || "no path",
      look,
    });
    return `OpenAPI ${document.openapi}, ${paths.length} paths`;
  },
});
