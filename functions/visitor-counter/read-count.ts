// GET /v1/visits/{page}: returns the numbers of a page.
import { operation } from "../lib/http/operation.ts";
import { pageCount, pageErrors, pageParams } from "./page.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

export const readCount = operation({
  tag: "Visits",
  summary: "Get the visits of a page",
  description: "Does not count a visit.",
  params: pageParams,
  responses: { 200: { description: "The numbers of the page; zeros before its first visit.", schema: pageCount } },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: pageErrors,
  example: { params: { page: "resume" }, response: { page: "resume", count: 1234, today: 7, uniqueToday: 5 } },
  handler: async ({ params: { page } }, { visits }: { visits: VisitorCounter }) => ({
    json: { page, ...(await visits.read(page)) },
  }),
});
