// Responds to a request that no function claims, in the one error shape (docs/decisions/023). The library cannot create
// a Request from some headers and hosts; it then throws before any function starts, and sends no response.
// https://github.com/Azure/azure-functions-nodejs-library/issues/324
import type { IncomingMessage } from "node:http";
import { AppError, asAppError } from "../errors.ts";
import { consoleLog } from "../log.ts";
import { oauthPaths, ROUTE_PREFIX } from "../names.ts";
import { runInContext } from "../request-context.ts";
import type { EndpointDeps } from "./context.ts";
import { UNKNOWN } from "./forged-headers.ts";
import { sendThroughLibrary } from "./library.ts";
import { consumeLimit, type Limited } from "./limit.ts";
import type { ErrorShape } from "./operation.ts";
import type { UnclaimedRequest } from "./received-requests.ts";
import { type Recorded, recordEnd, recordStart } from "./record.ts";
import { errorResponse, toHttpResponse } from "./respond.ts";
import { traceOf } from "./trace.ts";

/** Stands for the name and the route of the function: neither is known here. */
const NAME = "unclaimed";

const message =
  "The headers must be readable, and these are not: send a valid Host, header names and values in ASCII, and no parameter or JSON field called headers.";

/** Only those of the trace: what the host forwards is no proof of an address. */
function traceHeaders({ headers }: IncomingMessage): Headers {
  const found = ["x-trace-id", "traceparent"].map((name) => [name, headers[name]]);
  return new Headers(found.filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

/** @param target path and query */
function errorShapeAt(target: string): ErrorShape | undefined {
  const path = (target.split("?", 1)[0] ?? "").toLowerCase().replace(/\/$/, "");
  return oauthPaths.some((each) => path === `${ROUTE_PREFIX}${each}`) ? "oauth" : undefined;
}

async function countRequest(context: Limited): Promise<never> {
  await consumeLimit(context, "default");
  throw new AppError("VALIDATION_FAILED", message);
}

type Deps = Pick<EndpointDeps, "limits" | "meter">;

/** @returns a function that never rejects */
export function createUnclaimedResponder(deps: Deps): (unclaimed: UnclaimedRequest) => Promise<void> {
  async function respond({ invocationId, request: received, response, startedAt }: UnclaimedRequest) {
    // Node.js itself has responded, with 417 to an unknown Expect. The library has never seen the request.
    if (response.headersSent) return;
    // The client has left. The library still keeps the response.
    if (response.destroyed) return sendThroughLibrary(invocationId, {});
    const trace = traceOf(traceHeaders(received), undefined);
    const { "x-forwarded-proto": protocol } = received.headers;
    const request = { method: received.method ?? "GET", url: `${protocol === "https" ? "https" : "http"}://host` };
    const errorShape = errorShapeAt(received.url ?? "/");
    const context: Limited & Recorded & { readonly request: typeof request } = {
      address: async () => UNKNOWN,
      bytesRead: 0,
      deps,
      invocation: console,
      limitHeaders: {},
      request,
      route: { name: NAME, path: NAME },
      startedAt,
    };
    await runInContext({ ...trace, function: NAME, invocationId }, async () => {
      recordStart(context);
      const result = await countRequest(context).catch((thrown: unknown) => {
        context.error = asAppError(thrown);
        return errorResponse({ errorShape, trace }, context.error);
      });
      const init = toHttpResponse({ ...context, errorShape, trace }, result);
      recordEnd(context, init);
      await sendThroughLibrary(invocationId, init).catch((error: unknown) => {
        consoleLog.warn("unclaimed-not-sent", { error });
        if (!response.headersSent) response.writeHead(init.status, init.headers as Record<string, string>);
        response.end(init.body);
      });
    });
  }
  return (unclaimed) => respond(unclaimed).catch((error: unknown) => consoleLog.warn("unclaimed-not-sent", { error }));
}
