// The boundary of every HTTP function: trace, access, validation, one error shape, headers, one log line.
import type { HttpHandler, HttpRequest, HttpResponseInit } from "@azure/functions";
import type { z } from "zod";
import { mayDo } from "../access/permissions.ts";
import type { TokenVerifier } from "../access/token.ts";
import { AppError, asAppError, type ErrorDetail, publicMessage } from "../errors.ts";
import { createLog } from "../log.ts";
import { bodyOf, readJson } from "./body.ts";
import { commonHeaders } from "./headers.ts";
import type { Answer, Route } from "./operation.ts";
import { traceOf } from "./trace.ts";

export type EndpointDeps = { readonly verifyToken: TokenVerifier };

const SHOWN = 100;

function parse<S extends z.ZodType>(schema: S, value: unknown, where: "path" | "query" | "body"): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  /** What stood in the address is shown again; a body may hold a password. */
  const received = ([name]: readonly PropertyKey[]) => {
    const given = where === "body" || name === undefined ? undefined : (value as Record<PropertyKey, unknown>)[name];
    return typeof given === "string" ? `, received ${JSON.stringify(given.slice(0, SHOWN))}` : "";
  };
  const details: ErrorDetail[] = result.error.issues.map(({ path, message }) => ({
    path: [where, ...path].join("."),
    message: `${message}${received(path)}`,
  }));
  const [first] = details;
  throw new AppError("VALIDATION_FAILED", `${first?.path} ${first?.message}`, { details });
}

/**
 * The host hands the worker headers and parameters in one dictionary that ignores case, filled from a JSON body and the
 * query before the real headers, which yield to a key that is there already: `?headers=…` would replace them all.
 * Source: azure-webjobs-sdk-extensions, HttpTriggerAttributeBindingProvider.GetRequestBindingData.
 */
function refuseReplacedHeaders(names: Iterable<string>, where: "query" | "body"): void {
  for (const name of names)
    if (name.toLowerCase() === "headers")
      throw new AppError("VALIDATION_FAILED", `${where}.${name} is a reserved name: leave it out.`);
}

/** Makes a route's function: what it throws never reaches the host, what an unexpected failure says never the caller. */
export function endpoint<D extends EndpointDeps>(route: Route<D>, deps: D): HttpHandler {
  const { access, name, operation } = route;

  async function admit(headers: Headers) {
    if (access === "public") return undefined;
    const caller = await deps.verifyToken(headers.get("authorization"));
    if (mayDo(caller, access)) return caller;
    throw new AppError(
      "FORBIDDEN",
      `This needs the permission ${access}, which the role ${caller.role} does not have.`,
    );
  }

  async function readBody(request: HttpRequest): Promise<unknown> {
    const body = await readJson(request);
    if (typeof body === "object" && body !== null) refuseReplacedHeaders(Object.keys(body), "body");
    return body;
  }

  return async (request, context): Promise<HttpResponseInit> => {
    const started = performance.now();
    const { headers, method } = request;
    const trace = traceOf(headers, context.traceContext?.traceParent);
    let failure: AppError | undefined;
    let answer: Answer;
    try {
      refuseReplacedHeaders(request.query.keys(), "query");
      const caller = await admit(headers);
      const accepted: Parameters<typeof operation.handler>[0] = {
        method,
        url: request.url,
        headers,
        caller,
        params: operation.params ? parse(operation.params, request.params, "path") : {},
        query: operation.query ? parse(operation.query, Object.fromEntries(request.query), "query") : {},
        body: operation.body ? parse(operation.body, await readBody(request), "body") : undefined,
        stream: bodyOf(request),
      };
      answer = await operation.handler(accepted, deps);
    } catch (thrown) {
      failure = asAppError(thrown);
      const { code, details } = failure;
      answer = {
        status: failure.status,
        headers: failure.headers,
        json: {
          error: {
            code,
            message: publicMessage(failure),
            trace_id: trace.traceId,
            ...(details && failure.status < 500 && { details }),
          },
        },
      };
    }
    const status = answer.status ?? 200;
    const fields = {
      function: name,
      method,
      route: route.path,
      status,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      ...trace,
      ...(failure && { code: failure.code }),
      ...(failure && status >= 500 && { error: failure }),
    };
    createLog(context)[status >= 500 ? "error" : "info"]("request", fields);
    return {
      status,
      headers: { ...commonHeaders(request.url), "X-Trace-ID": trace.traceId, ...answer.headers },
      ...(answer.json !== undefined && method !== "HEAD" && { jsonBody: answer.json }),
    };
  };
}
