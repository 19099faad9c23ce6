// The boundary of every HTTP function: trace, access, validation, one error shape, headers, one log line.
import type { HttpHandler, HttpRequest, HttpResponseInit } from "@azure/functions";
import { hasPermission } from "../access/permissions.ts";
import type { TokenVerifier } from "../access/token.ts";
import { AppError, asAppError, publicMessage } from "../errors.ts";
import { createLog } from "../log.ts";
import type { Meter } from "../meter.ts";
import { inContext } from "../request-context.ts";
import { addressOf, UNKNOWN } from "./address.ts";
import { bodyOf, readJson } from "./body.ts";
import { placeOf, refuse } from "./faults.ts";
import { commonHeaders } from "./headers.ts";
import type { Asker, LimitClass, Limits } from "./limits.ts";
import type { OperationResponse, Route } from "./operation.ts";
import type { FindReceived } from "./received.ts";
import { hasOwnHeaders, peekable, replacesHeaders } from "./replaced-headers.ts";
import { traceOf } from "./trace.ts";
import { validate } from "./validation.ts";

export type EndpointDeps = {
  readonly verifyToken: TokenVerifier;
  readonly limits: Limits;
  readonly meter: Meter;
  readonly received: FindReceived;
};

/**
 * The host hands the worker headers and parameters in one dictionary that ignores case, filled from a JSON body and the
 * query before the real headers, which yield to a key that is there already: `?headers=…` would replace them all.
 * Source: azure-webjobs-sdk-extensions, HttpTriggerAttributeBindingProvider.GetRequestBindingData.
 */
function refuseReplacedHeaders(names: Iterable<string>, where: "query" | "body"): void {
  for (const name of names)
    if (replacesHeaders(name)) refuse([{ path: placeOf(where, [name]), message: "is a reserved name: leave it out." }]);
}

/** JSON becomes text while what cannot be written, such as a bigint, is still caught as a failure of ours. */
function written({ json, ...answer }: OperationResponse): OperationResponse {
  if (json === undefined) return answer;
  return { ...answer, text: JSON.stringify(json), headers: { "Content-Type": "application/json", ...answer.headers } };
}

/** The one error shape. */
function failureAnswer(failure: AppError, trace_id: string): OperationResponse {
  const { code, details, extraFields, headers, status } = failure;
  const error = { code, message: publicMessage(failure), trace_id, ...(details && status < 500 && { details }) };
  return { status, headers, json: { ...extraFields, error } };
}

/** Rejects with RATE_LIMITED. */
type Spend = (limit: LimitClass, who?: Omit<Asker, "address">) => Promise<void>;

/** Makes a route's function: what it throws never reaches the host, what an unexpected failure says never the caller. */
export function endpoint<D extends EndpointDeps>(route: Route<D>, deps: D): HttpHandler {
  const { access, limit, name, operation, path } = route;
  // Watches from here on, since the first request comes before anybody asks for it.
  const { received } = deps;

  /** Who asks, once a limit and the permission allow it. `spend` rejects when a limit is used up. */
  async function admit(headers: Headers, spend: Spend) {
    if (access === "public") return void (await spend(limit));
    const caller = await deps.verifyToken(headers.get("authorization")).catch(async (thrown: unknown) => {
      // Whoever has no valid token is nobody in particular: guessing at tokens is limited by address.
      await spend("default");
      throw thrown;
    });
    await spend(limit, { caller: caller.subject });
    if (hasPermission(caller, access)) return caller;
    throw new AppError(
      "FORBIDDEN",
      `This needs the permission ${access}, which the role ${caller.role} does not have.`,
    );
  }

  async function readBody(headers: Headers, stream: AsyncIterable<Uint8Array>): Promise<unknown> {
    const body = await readJson({ headers, stream });
    if (typeof body === "object" && body !== null) refuseReplacedHeaders(Object.keys(body), "body");
    return body;
  }

  async function handle(
    request: HttpRequest,
    spend: Spend,
    stream: AsyncIterable<Uint8Array>,
  ): Promise<OperationResponse> {
    const { headers, method } = request;
    if ([...request.query.keys()].some(replacesHeaders)) {
      // Nobody can be told by such headers: all who send them share one bucket, whatever the route's own limit.
      await spend(limit === "none" ? "none" : "default");
      refuseReplacedHeaders(request.query.keys(), "query");
    }
    const caller = await admit(headers, spend);
    const sent = {
      path: request.params,
      url: request.url,
      body: operation.body && (await readBody(headers, stream)),
    };
    const { params, query, body } = validate(operation, sent);
    if (operation.account) await spend(limit, { account: operation.account(body) });
    return written(
      await operation.handler({ method, url: request.url, headers, caller, params, query, body, stream }, deps),
    );
  }

  return async (request, context): Promise<HttpResponseInit> => {
    const started = performance.now();
    const { headers, method } = request;
    const trace = traceOf(headers, context.traceContext?.traceParent);
    let bytesIn = 0;
    async function* counted() {
      for await (const chunk of bodyOf(request)) {
        bytesIn += chunk.byteLength;
        yield chunk;
      }
    }
    const stream = peekable(counted());
    let vouched: Promise<boolean> | undefined;
    async function address(): Promise<string> {
      if ([...request.query.keys()].some(replacesHeaders)) return UNKNOWN;
      vouched ??= hasOwnHeaders(method, received(context.invocationId), stream);
      return (await vouched) ? addressOf(headers.get("x-forwarded-for")) : UNKNOWN;
    }
    const limitHeaders: Record<string, string> = {};
    let callerId: string | undefined;
    const spend: Spend = async (limit, who) => {
      callerId = who?.caller ?? callerId;
      if (limit === "none") return;
      const { headers, refused } = await deps.limits.spend(limit, { address, ...who });
      // Both are lists, and a request that spends twice has them of both.
      for (const [name, list] of Object.entries(headers))
        limitHeaders[name] = limitHeaders[name] ? `${limitHeaders[name]}, ${list}` : list;
      if (!refused) return;
      deps.meter.measure("limit_rejections", 1, { class: limit });
      throw new AppError("RATE_LIMITED", refused.rule, { retryAfter: refused.retryAfter });
    };

    const working = { ...trace, function: name, invocationId: context.invocationId };
    return inContext(working, async () => {
      deps.meter.measure("requests_in_flight", 1);
      let failure: AppError | undefined;
      const answer = await handle(request, spend, stream).catch((thrown: unknown) => {
        failure = asAppError(thrown);
        return written(failureAnswer(failure, trace.traceId));
      });
      const { status = 200, text: body } = answer;
      const bytesOut = body === undefined || method === "HEAD" ? 0 : Buffer.byteLength(body);
      const durationMs = Math.round((performance.now() - started) * 10) / 10;
      createLog(context)[status >= 500 ? "error" : "info"]("request", {
        method,
        route: path,
        status,
        duration_ms: durationMs,
        bytes_in: bytesIn,
        bytes_out: bytesOut,
        ...(callerId !== undefined && { caller_id: callerId }),
        ...(failure && { code: failure.code }),
        ...(failure && status >= 500 && { error: failure }),
      });
      const attributes = { function: name, status };
      deps.meter.measure("requests_in_flight", -1);
      deps.meter.measure("requests", 1, attributes);
      deps.meter.measure("request_duration", durationMs, attributes);
      deps.meter.measure("request_size", bytesIn, attributes);
      deps.meter.measure("response_size", bytesOut, attributes);
      return {
        status,
        headers: {
          ...commonHeaders(request.url),
          "X-Trace-ID": trace.traceId,
          ...limitHeaders,
          ...answer.headers,
        },
        ...(bytesOut > 0 && body !== undefined && { body }),
      };
    });
  };
}
