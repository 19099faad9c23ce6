// What a request to count a visit does: counts it, or reads the current numbers and says why it counts none.
import type { Visit } from "./visit.ts";
import type { UncountedReason, VisitRequest, VisitRules } from "./visit-rules.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

export type VisitDeps = { readonly visits: VisitorCounter; readonly visitRules: VisitRules };

type AcceptedVisit = Visit & { readonly counted: boolean; readonly reason?: UncountedReason };

/** Throws as `VisitorCounter.count` does. */
export async function acceptVisit(
  page: string,
  request: VisitRequest,
  { visits, visitRules }: VisitDeps,
): Promise<AcceptedVisit> {
  const reason = visitRules.findReason(page, request.headers);
  if (reason) return { ...(await visits.recent(page)), counted: false, reason };
  return { ...(await visits.count(page, await visitRules.hashVisitor(page, request))), counted: true };
}
