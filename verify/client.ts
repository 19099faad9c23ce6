// The HTTP client of the checks: a timeout for each request, one trace id for the run, a retry after a rate limit.
import { CheckFailure } from "./check-failure.ts";

export type Call = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestInit["body"];
  /** False to receive a 429 instead of waiting for the limit. */
  readonly waitForLimit?: boolean;
};

export type ApiResponse = {
  /** Method and path of the request, for messages. */
  readonly what: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
};

export type Client = {
  /** Origin of the deployment. */
  readonly origin: string;
  /** URL of the API, such as https://api.example.com/api. */
  readonly api: string;
  /** 32 hex digits that every request of the run sends. */
  readonly traceId: string;
  /** @param at path below the API, or a whole URL @throws {CheckFailure} when there is no response */
  call(at: string, call?: Call): Promise<ApiResponse>;
  /** Milliseconds so far in which a request waited for a rate limit. */
  waited(): number;
};

type ClientOptions = {
  readonly api: string;
  readonly traceId: string;
  /** Timeout of one request, in milliseconds. */
  readonly timeout: number;
  readonly pause: (ms: number) => Promise<void>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Called when requests begin to wait for a rate limit. */
  readonly onWait?: (wait: { readonly what: string; readonly seconds: number }) => void;
};

/** A window of the limits is a minute. */
const MAX_WAIT_S = 65;

export function openClient({ api, traceId, timeout, pause, now, onWait }: ClientOptions): Client {
  let waiting = 0;
  let waitingSince = 0;
  let waited = 0;

  /** Simultaneous waits count once: the time in which at least one request waits. */
  async function waitForLimit(what: string, seconds: number): Promise<void> {
    if (waiting++ === 0) {
      waitingSince = now();
      onWait?.({ what, seconds });
    }
    await pause(seconds * 1000);
    if (--waiting === 0) waited += now() - waitingSince;
  }

  async function send(url: string, { method = "GET", headers, body }: Call): Promise<ApiResponse> {
    const { pathname } = new URL(url);
    const what = `${method} ${pathname}`;
    try {
      const response = await fetch(url, {
        method,
        headers: { "x-trace-id": traceId, ...headers },
        redirect: "manual",
        signal: AbortSignal.timeout(timeout),
        ...(body !== undefined && { body }),
      });
      const bytes = await response.bytes();
      const { status } = response;
      return { what, status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) };
    } catch (error) {
      throw new CheckFailure({
        expected: `a response to ${what} within ${timeout / 1000} s`,
        received: reasonOf(error),
        look: "whether the app runs, and its log at this time",
      });
    }
  }

  return {
    origin: new URL(api).origin,
    api,
    traceId,
    waited: () => waited,
    async call(at, call = {}) {
      const url = at.startsWith("/") ? `${api}${at}` : at;
      const response = await send(url, call);
      const wait = Number(response.headers.get("retry-after") ?? Number.NaN);
      // An earlier run from this address may have used up the limit.
      if (response.status !== 429 || call.waitForLimit === false || !(wait <= MAX_WAIT_S)) return response;
      await waitForLimit(response.what, wait);
      return send(url, call);
    },
  };
}

/** The code of the last cause. The message of undici alone is "fetch failed". */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonOf(error.cause);
  const { code } = error as NodeJS.ErrnoException;
  // The code of a DOMException, such as a timeout, is a number.
  return typeof code === "string" ? code : error.message;
}
