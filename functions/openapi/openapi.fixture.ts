// The OpenAPI document of this API, with the types that its tests read it by.
import { describeApi } from "../lib/http/route-table.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import { routes } from "../routes.ts";

export type Json = Readonly<Record<string, unknown>>;
export type Described = {
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

export const api = describeApi(routes, ROUTE_PREFIX);
export const document = api.document() as Document;
