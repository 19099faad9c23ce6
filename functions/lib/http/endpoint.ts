// The boundary of every HTTP function: a fixed sequence of steps around the handler of an operation.
import type { HttpHandler, HttpResponseInit } from "@azure/functions";
import { asAppError } from "../errors.ts";
import { runInContext } from "../request-context.ts";
import { authorize } from "./authorize.ts";
import { createContext, type EndpointDeps, type HttpContext } from "./context.ts";
import { readCookies } from "./cookies.ts";
import { hasReservedName, rejectReservedNames } from "./forged-headers.ts";
import { consumeBodyLimits, consumeLimit } from "./limit.ts";
import type { OperationResponse } from "./operation.ts";
import { readInput } from "./read-input.ts";
import { recordEnd, recordStart } from "./record.ts";
import { errorResponse, toHttpResponse, toTextResponse } from "./respond.ts";
import type { Route } from "./route.ts";
import { hasSecretName, rejectSecretNames } from "./url-secrets.ts";

/** Before the token is read: a reserved name can forge it, and a secret in the URL is rejected whatever else is wrong. */
async function rejectQuery(context: HttpContext): Promise<void> {
  const { request, route } = context;
  const names = [...request.query.keys()];
  if (!hasReservedName(names) && !hasSecretName(names)) return;
  // The token may be forged, so these requests count by address; those with a reserved name share one bucket.
  await consumeLimit(context, route.limit === "none" ? "none" : "default");
  rejectReservedNames(names, "query");
  rejectSecretNames(names);
}

async function handle<D>(context: HttpContext, { operation }: Route<D>, deps: D): Promise<OperationResponse> {
  await rejectQuery(context);
  const caller = await authorize(context);
  const input = await readInput(context);
  await consumeBodyLimits(context, { body: input.body, caller });
  const { address, body: stream, received, request } = context;
  const contentLength = received?.contentLength ?? 0;
  const { headers, method, url } = request;
  const cookies = readCookies(headers.get("cookie"), operation.cookies ?? []);
  return operation.handler({ method, url, headers, contentLength, address, caller, cookies, ...input, stream }, deps);
}

/** The library sends no response for it. */
const NO_RESPONSE = undefined as unknown as HttpResponseInit;

/** Creates the function of a route. It never throws, and clients never see the message of an unexpected error. */
export function endpoint<D extends EndpointDeps>(route: Route<D>, deps: D): HttpHandler {
  // Read now, since it must watch the server before the first request arrives.
  const { receivedRequests } = deps;
  return async (request, invocation) => {
    const received = receivedRequests.claim(invocation.invocationId);
    // The client has a 400, so nothing may happen.
    if (received === "responded") return NO_RESPONSE;
    const context = createContext({ route, deps, request, invocation, received });
    const logged = { ...context.trace, function: route.name, invocationId: invocation.invocationId };
    return runInContext(logged, async () => {
      recordStart(context);
      const result = await handle(context, route, deps)
        .then(toTextResponse)
        .catch((thrown: unknown) => {
          context.error = asAppError(thrown);
          return errorResponse(context, context.error);
        });
      const response = toHttpResponse(context, result);
      recordEnd(context, response);
      return response;
    });
  };
}
