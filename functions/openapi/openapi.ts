// GET /openapi.json: the OpenAPI document of the API.
import { z } from "zod";
import { operation } from "../lib/http/operation.ts";

export const openapi = operation({
  tag: "Service",
  summary: "Get the OpenAPI document",
  description: "Describes the routes that this deployment serves.",
  responses: { 200: { description: "The OpenAPI 3.1 document.", schema: z.looseObject({ openapi: z.string() }) } },
  errors: [],
  example: {},
  handler: async (_request, { api }: { api: { document: () => object } }) => ({ json: api.document() }),
});
