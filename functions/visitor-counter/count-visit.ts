// POST /v1/visits/{page}: counts one visit and returns its number.
import { operation } from "../lib/http/operation.ts";
import { acceptVisit, type VisitDeps } from "./accept-visit.ts";
import { pageErrors, pageParams, visitResponse } from "./page.ts";

export const countVisit = operation({
  tag: "Visits",
  summary: "Count a visit",
  description:
    "A visit whose response has `counted` and no `degraded` was counted exactly once. Its number is the page's total after this visit. A request of a program (by its User-Agent, which must not be empty) or of a prefetching browser (by Sec-Purpose) counts none: it gets the current numbers and a reason.",
  params: pageParams,
  responses: {
    200: { description: "The visit was counted, or the reason why not.", schema: visitResponse },
  },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: pageErrors,
  example: {
    params: { page: "resume" },
    response: { page: "resume", count: 1234, today: 7, uniqueToday: 5, counted: true },
  },
  handler: async ({ params: { page }, ...request }, deps: VisitDeps) => ({
    json: { page, ...(await acceptVisit(page, request, deps)) },
  }),
});
