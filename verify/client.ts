// A small HTTP client: a time limit for each request, the run's trace id on all of them, and patience with rate limits.
import { Fault } from "./check.ts";

export type Call = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestInit["body"];
  /** False where being refused by a rate limit is the point. */
  readonly patient?: boolean;
};

export type Answer = {
  /** Method and path, for messages. */
  readonly what: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
};

export type Client = {
  /** The deployment's own origin. */
  readonly origin: string;
  /** Where the API's routes begin, such as https://api.example.com/api. */
  readonly api: string;
  /** 32 hex digits that every request of this run carries. */
  readonly traceId: string;
  /** `at` is a path below the API, or a whole address. Throws a Fault when there is no answer at all. */
  call(at: string, call?: Call): Promise<Answer>;
};

type ClientOptions = {
  readonly api: string;
  readonly traceId: string;
  /** Of one request, in milliseconds. */
  readonly timeout: number;
  readonly pause: (ms: number) => Promise<void>;
};

/** A window of the limits is a minute. */
const LONGEST_WAIT_S = 65;

export function openClient({ api, traceId, timeout, pause }: ClientOptions): Client {
  async function once(url: string, { method = "GET", headers, body }: Call): Promise<Answer> {
    const { pathname } = new URL(url);
    const what = `${method} ${pathname}`;
    try {
      const answer = await fetch(url, {
        method,
        headers: { "x-trace-id": traceId, ...headers },
        redirect: "manual",
        signal: AbortSignal.timeout(timeout),
        ...(body !== undefined && { body }),
      });
      const bytes = await answer.bytes();
      const { status } = answer;
      return { what, status, headers: answer.headers, bytes, text: new TextDecoder().decode(bytes) };
    } catch (thrown) {
      throw new Fault({
        expected: `an answer to ${what} within ${timeout / 1000} s`,
        received: reasonOf(thrown),
        look: "whether the app runs, and its log at this time",
      });
    }
  }

  return {
    origin: new URL(api).origin,
    api,
    traceId,
    async call(at, call = {}) {
      const url = at.startsWith("/") ? `${api}${at}` : at;
      const answer = await once(url, call);
      const wait = Number(answer.headers.get("retry-after") ?? Number.NaN);
      // An earlier run from this address may have used the limit up; the answer says when to come back.
      if (answer.status !== 429 || call.patient === false || !(wait <= LONGEST_WAIT_S)) return answer;
      await pause(wait * 1000);
      return once(url, call);
    },
  };
}

/** The last cause, which has the system's own code. Undici's message alone says "fetch failed". */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.cause !== undefined) return reasonOf(thrown.cause);
  const { code } = thrown as NodeJS.ErrnoException;
  // A DOMException, such as that of a time-out, has a number.
  return typeof code === "string" ? code : thrown.message;
}
