// The API's document, where it is served, is valid OpenAPI and tells of the counter.
import { Validator } from "@seriousme/openapi-schema-validator";
import { check, must } from "../check.ts";
import { jsonOf } from "../response-shape.ts";

export const openapi = check({
  name: "openapi",
  needs: [],
  async run({ client }) {
    const answer = await client.call("/openapi.json");
    if (answer.status === 404) return "not served";
    const look = "the package that was deployed: the document is made from its routes";
    const document = jsonOf<{ openapi: string; paths: Record<string, object> }>(answer, { status: 200, look });
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
