// POST /v1/visits/{page}: counts one visit and returns its number.
import { operation } from "../lib/http/operation.ts";
import { pageErrors, pageParams, visitResponse } from "./page.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

export const countVisit = operation({
  tag: "Visits",
  summary: "Count a visit",
  description:
    "A visit whose response has no `degraded` was counted exactly once. Its number is the page's total after this visit.",
  params: pageParams,
  responses: { 200: { description: "The visit was counted.", schema: visitResponse } },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: pageErrors,
  example: { params: { page: "resume" }, response: { page: "resume", count: 1234, today: 7 } },
  handler: async ({ params: { page } }, { visits }: { visits: VisitorCounter }) => ({
    json: { page, ...(await visits.count(page)) },
  }),
});
