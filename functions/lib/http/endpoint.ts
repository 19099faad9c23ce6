// The boundary of every HTTP function: a fixed sequence of steps around the handler of an operation.
import type { HttpHandler } from "@azure/functions";
import { asAppError } from "../errors.ts";
import { inContext } from "../request-context.ts";
import { authorize } from "./authorize.ts";
import { createContext, type EndpointDeps, type HttpContext } from "./context.ts";
import { hasReservedName, rejectReservedNames } from "./forged-headers.ts";
import { consumeLimit } from "./limit.ts";
import type { OperationResponse, Route } from "./operation.ts";
import { readInput } from "./read-input.ts";
import { recordEnd, recordStart } from "./record.ts";
import { errorResponse, toHttpResponse, toTextResponse } from "./respond.ts";

async function handle<D>(context: HttpContext, { limit, operation }: Route<D>, deps: D): Promise<OperationResponse> {
  const { body: stream, request } = context;
  const { headers, method, query: names, url } = request;
  // Their headers are forged, so these requests share one bucket of the default limit.
  if (hasReservedName(names.keys()) && limit !== "none") await consumeLimit(context, "default");
  rejectReservedNames(names.keys(), "query");
  const caller = await authorize(context);
  const { params, query, body } = await readInput(context);
  if (operation.account) await consumeLimit(context, limit, { account: operation.account(body) });
  return operation.handler({ method, url, headers, caller, params, query, body, stream }, deps);
}

/** Creates the function of a route. It never throws, and clients never see the message of an unexpected error. */
export function endpoint<D extends EndpointDeps>(route: Route<D>, deps: D): HttpHandler {
  // Creates this dep now: it must watch the server before the first request arrives.
  deps.findReceivedRequest;
  return async (request, invocation) => {
    const context = createContext({ route, deps, request, invocation });
    const logged = { ...context.trace, function: route.name, invocationId: invocation.invocationId };
    return inContext(logged, async () => {
      recordStart(context);
      const result = await handle(context, route, deps)
        .then(toTextResponse)
        .catch((thrown: unknown) => {
          context.error = asAppError(thrown);
          return errorResponse(context.error, context.trace.traceId);
        });
      const response = toHttpResponse(context, result);
      recordEnd(context, response);
      return response;
    });
  };
}
