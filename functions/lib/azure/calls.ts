// Every call of a store, as the Azure SDKs tell it: reported, and marked with the id of the request that it serves.
import { type Instrumenter, type TracingContext, type TracingSpan, useInstrumenter } from "@azure/core-tracing";
import { currentContext, type RequestContext } from "../request-context.ts";

export type StoreKind = "table" | "blob" | "vault";

/** One attempt: what is tried again is another call. */
export type Call = {
  readonly store: StoreKind;
  readonly method: string;
  /** Without query, and without what names a row or a blob: those are people's names and files. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Of the answer; without one, `fault` is the code or the name of the error. */
  readonly status?: number;
  readonly fault?: string;
  /** The store did what it was asked, or said no in a way that is part of the work. */
  readonly success: boolean;
  /** Undefined for what serves no request. */
  readonly context?: RequestContext;
};

const kinds: Record<StoreKind, { refusals: readonly number[]; shown: number }> = {
  // Somebody else was first, or it is not there: conditional writes and look-ups live on these.
  table: { refusals: [404, 409, 412], shown: 1 },
  blob: { refusals: [404, 409, 412], shown: 1 },
  // A client's first call is answered with the challenge that says where its token comes from.
  vault: { refusals: [401, 404], shown: 2 },
};

type Watched = { readonly store: StoreKind; readonly origin: string; readonly path: string };

/** The store that an address leads to, and the part of the address that may be told. */
function placeOf(address: string, watched: readonly Watched[]): { store: StoreKind; url: string } | undefined {
  const { origin, pathname } = new URL(address);
  for (const { store, origin: known, path } of watched) {
    if (origin !== known || !pathname.startsWith(path)) continue;
    // Tables name their rows in parentheses, behind the table's name.
    const [before = ""] = pathname.slice(path.length).split("(");
    const shown = before.split("/").slice(0, kinds[store].shown).join("/");
    return { store, url: `${origin}${path}${shown}` };
  }
  return undefined;
}

const contextWith = (values: ReadonlyMap<symbol, unknown>): TracingContext => ({
  getValue: (key) => values.get(key),
  setValue: (key, value) => contextWith(new Map(values).set(key, value)),
  deleteValue: (key) => contextWith(new Map([...values].filter(([each]) => each !== key))),
});
const emptyContext = contextWith(new Map());

const unwatched: TracingSpan = {
  setStatus() {},
  setAttribute() {},
  recordException() {},
  isRecording: () => false,
  end() {},
};

type Begun = Pick<Call, "store" | "url" | "method">;

function spanOf(begun: Begun, report: (call: Call) => void): TracingSpan {
  const context = currentContext();
  const startedAt = Date.now();
  const started = performance.now();
  let status: number | undefined;
  let fault: string | undefined;
  return {
    ...unwatched,
    isRecording: () => true,
    setAttribute(name, value) {
      if (name === "http.status_code") status = Number(value);
    },
    setStatus(given) {
      // Text of an error can quote the address; its code cannot.
      if (given.status === "error" && given.error instanceof Error)
        fault = String((given.error as { code?: unknown }).code ?? given.error.name);
    },
    end() {
      const success = status !== undefined && (status < 400 || kinds[begun.store].refusals.includes(status));
      report({
        ...begun,
        startedAt,
        durationMs: performance.now() - started,
        success,
        ...(status === undefined ? { fault: fault ?? "unknown" } : { status }),
        ...(context && { context }),
      });
    },
  };
}

/**
 * From here on every call of these stores, by whichever SDK, is reported, and carries the trace id of its request as
 * `x-ms-client-request-id`, which the resource logs of storage keep. The last caller of this function is the one heard.
 */
export function watchCalls(endpoints: Readonly<Record<StoreKind, string>>, report: (call: Call) => void): void {
  const watched = Object.entries(endpoints).map(([store, endpoint]): Watched => {
    const { origin, pathname } = new URL(endpoint);
    return { store: store as StoreKind, origin, path: pathname.endsWith("/") ? pathname : `${pathname}/` };
  });
  const instrumenter: Instrumenter = {
    startSpan(_, { spanAttributes: { "http.url": address, "http.method": method } = {}, spanKind, tracingContext }) {
      // Each attempt is a span of kind client; the operations of the SDK around them have other kinds.
      const place = spanKind === "client" ? placeOf(String(address), watched) : undefined;
      const span = place ? spanOf({ ...place, method: String(method) }, report) : unwatched;
      return { span, tracingContext: tracingContext ?? emptyContext };
    },
    withContext: (_, callback, ...given) => callback(...given),
    parseTraceparentHeader: () => undefined,
    createRequestHeaders() {
      const traceId = currentContext()?.traceId;
      return traceId ? { "x-ms-client-request-id": traceId } : {};
    },
  };
  useInstrumenter(instrumenter);
}
