// GET /openapi.json: what this API offers, derived from its routes.
import { z } from "zod";
import { operation } from "../lib/http/operation.ts";

export const openapi = operation({
  tag: "Service",
  summary: "This document",
  description: "What this deployment offers, derived from the routes that it runs.",
  responses: { 200: { description: "OpenAPI 3.1.", schema: z.looseObject({ openapi: z.string() }) } },
  errors: [],
  example: {},
  handler: async (_request, { api }: { api: { document: () => object } }) => ({ json: api.document() }),
});
