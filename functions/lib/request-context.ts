// The current request or trigger, available in every asynchronous step, for log lines and calls to stores.
import { AsyncLocalStorage } from "node:async_hooks";

export type RequestContext = {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** The id of the request in Application Insights, if the client chose another trace id. */
  readonly operationId?: string;
  /** 16 hex digits: the span of the request in Application Insights. */
  readonly parentId?: string;
  /** Name of the function. */
  readonly function: string;
  /** The host's id of this invocation. */
  readonly invocationId: string;
};

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work`, with all its asynchronous steps, in this context. */
export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs `work` without a context, for work that one request starts but many share. */
export function runOutsideContext<T>(work: () => T): T {
  return storage.exit(work);
}

/** Undefined outside a request or trigger. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}
