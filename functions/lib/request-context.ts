// What is being worked on: carried along every asynchronous step, so that each log line and each call of a store says it.
import { AsyncLocalStorage } from "node:async_hooks";

export type RequestContext = {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** The id that Application Insights files this under, when the caller chose another. */
  readonly operationId?: string;
  /** 16 hex digits: what Application Insights knows the request by, within that. */
  readonly parentId?: string;
  /** Name of the function. */
  readonly function: string;
  /** The host's id of this run of the function. */
  readonly invocationId: string;
};

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work`, and all that follows from it, in this context. */
export function inContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs `work` in no context, for what serves no one request though one happened to start it. */
export function outOfContext<T>(work: () => T): T {
  return storage.exit(work);
}

/** Undefined outside of any request or trigger. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}
