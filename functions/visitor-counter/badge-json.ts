// GET /v1/visits/{page}/badge.json: a badge that shields.io draws.
import { z } from "zod";
import { operation } from "../lib/http/operation.ts";
import type { ReadBadgeNumbers } from "./badge.ts";
import { badgeContent } from "./badge-content.ts";
import { numbersOrReason } from "./badge-numbers.ts";
import { badgeQuery } from "./badge-options.ts";
import { pageParams } from "./page.ts";

/** Seconds: the least that shields.io takes. */
const CACHE_SECONDS = 300;

const endpointBadge = z
  .object({
    schemaVersion: z.literal(1),
    label: z.string(),
    message: z.string(),
    color: z.string(),
    labelColor: z.string().optional(),
    style: z.string(),
    cacheSeconds: z.int(),
    isError: z.literal(true).optional().meta({ description: "The message is no number." }),
  })
  .meta({ id: "EndpointBadge", description: "https://shields.io/badges/endpoint-badge" });

export const badgeJson = operation({
  tag: "Visits",
  summary: "Get a badge for shields.io",
  description:
    "The same badge as JSON: `https://img.shields.io/endpoint?url=…` draws it, with logos and styles of its own.",
  params: pageParams,
  query: badgeQuery,
  responses: { 200: { description: "The badge.", schema: endpointBadge } },
  errors: [],
  example: {
    params: { page: "resume" },
    query: { label: "visits", color: "blue" },
    response: { schemaVersion: 1, label: "visits", message: "1,234", color: "blue", style: "flat", cacheSeconds: 300 },
  },
  handler: async ({ params: { page }, query }, { badgeNumbers }: { badgeNumbers: ReadBadgeNumbers }) => {
    const content = badgeContent(query, await numbersOrReason(page, badgeNumbers));
    return {
      headers: { "Cache-Control": "no-cache" },
      json: { schemaVersion: 1, ...content, style: query.style, cacheSeconds: CACHE_SECONDS },
    };
  },
});
