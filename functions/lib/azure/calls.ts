// Reports every HTTP call of the Azure SDKs to our stores, and sends the trace id of the request with it.
import { type Instrumenter, type TracingContext, type TracingSpan, useInstrumenter } from "@azure/core-tracing";
import { currentContext, type RequestContext } from "../request-context.ts";

type StoreKind = "table" | "blob" | "vault";

/** One attempt; a retry is another call. */
export type Call = {
  readonly store: StoreKind;
  readonly method: string;
  /** Without the query and without row and blob names, which are personal data. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Status of the response; without a response, `error` is the code or the name of the error. */
  readonly status?: number;
  readonly error?: string;
  /** True below 400 and for the expected statuses of the store. */
  readonly success: boolean;
  /** Undefined outside of requests. */
  readonly context?: RequestContext;
};

/** Statuses from 400 up that are normal, and how many segments of the path are free of personal data. */
const stores: Record<StoreKind, { expected: readonly number[]; publicSegments: number }> = {
  // Conditional writes and look-ups: not found, already exists, changed meanwhile.
  table: { expected: [404, 409, 412], publicSegments: 1 },
  blob: { expected: [404, 409, 412], publicSegments: 1 },
  // The first call of a client gets the challenge that names the authority for tokens.
  vault: { expected: [401, 404], publicSegments: 2 },
};

type Endpoint = { readonly store: StoreKind; readonly origin: string; readonly path: string };

/** The store that an address belongs to, and the address without personal data; undefined for any other service. */
function matchStore(address: string, endpoints: readonly Endpoint[]): { store: StoreKind; url: string } | undefined {
  const { origin, pathname } = new URL(address);
  const endpoint = endpoints.find((each) => each.origin === origin && pathname.startsWith(each.path));
  if (!endpoint) return undefined;
  const { store, path } = endpoint;
  // Tables have the row's keys in parentheses after the table's name.
  const [withoutKeys = ""] = pathname.slice(path.length).split("(");
  return { store, url: `${origin}${path}${withoutKeys.split("/").slice(0, stores[store].publicSegments).join("/")}` };
}

const contextWith = (values: ReadonlyMap<symbol, unknown>): TracingContext => ({
  getValue: (key) => values.get(key),
  setValue: (key, value) => contextWith(new Map(values).set(key, value)),
  deleteValue: (key) => contextWith(new Map([...values].filter(([each]) => each !== key))),
});
const emptyContext = contextWith(new Map());

const noopSpan: TracingSpan = {
  setStatus() {},
  setAttribute() {},
  recordException() {},
  isRecording: () => false,
  end() {},
};

function createSpan(target: Pick<Call, "store" | "url" | "method">, report: (call: Call) => void): TracingSpan {
  const context = currentContext();
  const startedAt = Date.now();
  const started = performance.now();
  let status: number | undefined;
  let error = "unknown";
  return {
    ...noopSpan,
    isRecording: () => true,
    setAttribute(name, value) {
      if (name === "http.status_code") status = Number(value);
    },
    setStatus(spanStatus) {
      // An error's message can quote the address; its code cannot.
      if (spanStatus.status === "error" && spanStatus.error instanceof Error)
        error = String((spanStatus.error as { code?: unknown }).code ?? spanStatus.error.name);
    },
    end() {
      const success = status !== undefined && (status < 400 || stores[target.store].expected.includes(status));
      report({
        ...target,
        startedAt,
        durationMs: performance.now() - started,
        success,
        ...(status === undefined ? { error } : { status }),
        ...(context && { context }),
      });
    },
  };
}

/**
 * Reports every later call to these endpoints. Each call carries the trace id of its request as
 * `x-ms-client-request-id`, which the resource logs of storage record. Calling this again replaces the earlier watch.
 */
export function watchCalls(
  addresses: Readonly<Record<StoreKind, string | readonly string[]>>,
  report: (call: Call) => void,
): void {
  const endpoints = Object.entries(addresses).flatMap(([store, ofStore]) =>
    [ofStore].flat().map((address): Endpoint => {
      const { origin, pathname } = new URL(address);
      return { store: store as StoreKind, origin, path: pathname.endsWith("/") ? pathname : `${pathname}/` };
    }),
  );
  const instrumenter: Instrumenter = {
    startSpan(_, { spanAttributes: { "http.url": address, "http.method": method } = {}, spanKind, tracingContext }) {
      // Attempts have spans of kind client; the SDK operations around them have other kinds.
      const target = spanKind === "client" ? matchStore(String(address), endpoints) : undefined;
      const span = target ? createSpan({ ...target, method: String(method) }, report) : noopSpan;
      return { span, tracingContext: tracingContext ?? emptyContext };
    },
    withContext: (_, callback, ...args) => callback(...args),
    parseTraceparentHeader: () => undefined,
    createRequestHeaders() {
      const traceId = currentContext()?.traceId;
      return traceId ? { "x-ms-client-request-id": traceId } : {};
    },
  };
  useInstrumenter(instrumenter);
}
