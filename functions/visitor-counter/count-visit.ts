// POST /v1/visits/{page}: counts one visit and answers its number.
import { operation } from "../lib/http/operation.ts";
import { pageParams, visitAnswer } from "./page.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

export const countVisit = operation({
  tag: "Visits",
  summary: "Count a visit",
  description:
    "A visit answered without `degraded` was counted exactly once; its number is the page's total after this visit.",
  params: pageParams,
  responses: { 200: { description: "The visit was counted.", schema: visitAnswer } },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  example: { params: { page: "resume" }, response: { page: "resume", count: 1234, today: 7 } },
  handler: async ({ params: { page } }, { visits }: { visits: VisitorCounter }) => ({
    json: { page, ...(await visits.count(page)) },
  }),
});
