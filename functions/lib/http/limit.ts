// Counts a request against a rate limit.
import type { Caller } from "../access/permissions.ts";
import { AppError } from "../errors.ts";
import type { LimitClass, LimitSubject } from "../limits/limiter.ts";
import type { EndpointDeps, HttpContext } from "./context.ts";

export type Limited = Pick<HttpContext, "address" | "limitHeaders"> & {
  readonly deps: Pick<EndpointDeps, "limits" | "meter">;
};

/**
 * Adds the limit's headers to the response, whether it accepts the request or not.
 * @throws {AppError} RATE_LIMITED when the quota is used up
 */
export async function consumeLimit(
  context: Limited,
  limit: LimitClass,
  subject: Omit<LimitSubject, "address"> = {},
): Promise<void> {
  if (limit === "none") return;
  const { address, deps, limitHeaders } = context;
  const { headers, rejection } = await deps.limits.consume(limit, { address, ...subject });
  // Both headers are lists: a request that counts twice carries the policies of both limits. Further units count on the
  // limit that has counted the request.
  const joined = Object.entries(headers).map(([name, list]) => [
    name,
    limitHeaders[name] && subject.units === undefined ? `${limitHeaders[name]}, ${list}` : list,
  ]);
  context.limitHeaders = { ...limitHeaders, ...Object.fromEntries(joined) };
  if (!rejection) return;
  deps.meter.measure("limit_rejections", 1, { class: limit });
  throw new AppError("RATE_LIMITED", rejection.message, { retryAfter: rejection.retryAfter });
}

/**
 * Counts what is known only from the body: on a route with limit class `secret` the account that the request tries to
 * sign in to, and elsewhere the further units of a request that costs several.
 */
export async function consumeBodyLimits(
  context: HttpContext,
  input: { readonly body: unknown; readonly caller: Caller | undefined },
): Promise<void> {
  const { limit, operation } = context.route;
  const account = operation.account?.(input);
  if (account !== undefined) await consumeLimit(context, limit, { account });
  const units = (operation.units?.(input) ?? 1) - 1;
  if (units > 0) await consumeLimit(context, limit, { units, ...(input.caller && { caller: input.caller.subject }) });
}
