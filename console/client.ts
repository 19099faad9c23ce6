// The client of the public API. Every call of the console passes it: typed by the operation, with the session's token.
import { ApiError, errorOf } from "./api-error.ts";
import { type CallName, calls, type Input, type Output, publicCalls } from "./operations.ts";
import type { Session } from "./session.ts";

export type ApiRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FormData | undefined;
};
export type ApiResponse = {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string | null;
};
/** @throws {ApiError} with status 0 when there is no response */
export type Transport = (request: ApiRequest) => Promise<ApiResponse>;

export type Result<N extends CallName> = {
  readonly data: Output<N>;
  readonly status: number;
  /** ETag of the response. */
  readonly etag: string | undefined;
};

export type Client = {
  /** @throws {ApiError} also with status 401 and no session: then `onSignedOut` was called */
  call<N extends CallName>(name: N, input?: Input<N>, transport?: Transport): Promise<Result<N>>;
};

const TIMEOUT_MS = 30_000;
const NO_RESPONSE = "The API did not respond. Check the connection, and try again.";

const sendFetch: Transport = async ({ url, ...request }) => {
  try {
    const init = { ...request, body: request.body ?? null, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text(), header: (name) => response.headers.get(name) };
  } catch (cause) {
    throw new ApiError(NO_RESPONSE, { cause });
  }
};

function requestOf<N extends CallName>(api: string, name: N, input: Input<N>): ApiRequest {
  const [method = "", path = ""] = calls[name].split(" ");
  const { params = {}, query = {}, body, headers = {} } = input as Input<never> & { params?: object; query?: object };
  const values = params as Readonly<Record<string, string>>;
  const filled = path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(values[key] ?? ""));
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
  const isJson = body !== undefined && !((body as unknown) instanceof FormData);
  return {
    method,
    url: `${api}${filled}${search && `?${search}`}`,
    headers: { ...headers, ...(isJson && { "Content-Type": "application/json" }) },
    body: isJson ? JSON.stringify(body) : body,
  };
}

type Options = {
  readonly session: Pick<Session, "accessToken" | "discard">;
  /** The session has ended. */
  readonly onSignedOut: () => void;
  readonly api?: string;
};

export function createClient({ session, onSignedOut, api = "/api" }: Options): Client {
  async function readToken(): Promise<string> {
    const token = await session.accessToken().catch((cause: unknown) => {
      throw new ApiError(cause instanceof Error ? cause.message : NO_RESPONSE, { cause });
    });
    if (token !== undefined) return token;
    onSignedOut();
    throw new ApiError("You are signed out.", { status: 401 });
  }

  async function send(request: ApiRequest, transport: Transport): Promise<ApiResponse> {
    const sendWith = (token: string) =>
      transport({ ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } });
    const token = await readToken();
    const response = await sendWith(token);
    if (response.status !== 401) return response;
    // A token can end before its time: when keys are revoked, or the user is. The session knows which.
    session.discard(token);
    return sendWith(await readToken());
  }

  return {
    async call(name, input = {}, transport = sendFetch) {
      const request = requestOf(api, name, input);
      const response = publicCalls.has(name) ? await transport(request) : await send(request, transport);
      const { status, text, header } = response;
      if (status >= 400) throw errorOf(status, text, header("Retry-After"));
      const data = text === "" ? undefined : JSON.parse(text);
      return { data, status, etag: header("ETag") ?? undefined };
    },
  };
}
