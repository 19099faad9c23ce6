// The requests that the host forwards to Node.js's HTTP server in this process: seen before the library reads them,
// responded to when no function does that, and read to their end (docs/decisions/023).
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { drainAfterResponse } from "./drain.ts";

/** What Node.js's own HTTP server received. Clients cannot forge it, unlike the headers from the library. */
export type ReceivedRequest = {
  /** Content-Length in bytes; 0 without that header. */
  readonly contentLength: number;
  /** Whether it has several Authorization headers: the library joins them, and other readers take the first or the last. */
  readonly repeatsAuthorization: boolean;
};

/** A request whose invocation failed before it reached a function. */
export type UnclaimedRequest = {
  readonly invocationId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** When our server received it, on the clock of `performance.now()`. */
  readonly startedAt: number;
};

export type ReceivedRequests = {
  /**
   * Called by a function when it starts. From then on the function alone responds to the request.
   * @returns undefined if our server received no such request; "responded" if the client already has its response
   */
  claim(invocationId: string): ReceivedRequest | "responded" | undefined;
  /** Responds to a request at once, since its invocation failed before it reached a function. */
  fail(invocationId: string): void;
};

type Options = {
  /** Responds to a request that no function has claimed, or frees what is kept for it when its client has left. Never rejects. */
  readonly onUnclaimed: (unclaimed: UnclaimedRequest) => Promise<void>;
  /** Bytes of a body that are read after the response. */
  readonly maxBodyBytes: number;
  /** Milliseconds between two looks at an unclaimed request. @default 100 */
  readonly tickMs?: number;
};

const TICK_MS = 100;
/** Two seconds: the host sends the invocation right after it starts to forward the request. */
const UNCLAIMED_TICKS = 20;
/** Ids that are remembered: for a second forward of a request, and for an invocation that comes too late. */
const MAX_REMEMBERED = 5_000;

/**
 * The host forwards each request to a server in this process, with the invocation's id as a header. The id is random and
 * the host's own; hosts before 4.1041 kept one that the client sent, but then no invocation had that id. After a lost
 * connection the host forwards the request again, under the same id.
 * Source: azure-functions-host, DefaultHttpProxyService.StartForwarding, GrpcWorkerChannel.SendInvocationRequest and
 * RetryProxyHandler. https://nodejs.org/docs/latest-v24.x/api/diagnostics_channel.html#http
 */
export function watchReceivedRequests({ onUnclaimed, maxBodyBytes, tickMs = TICK_MS }: Options): ReceivedRequests {
  type Entry = { readonly received: ReceivedRequest; readonly timer: NodeJS.Timeout; readonly giveUp: () => void };
  const unclaimed = new Map<string, Entry>();
  const settled = new Map<string, "claimed" | "responded">();

  /** @returns the request, if it was unclaimed */
  function settle(invocationId: string, how: "claimed" | "responded"): ReceivedRequest | undefined {
    const found = unclaimed.get(invocationId);
    clearInterval(found?.timer);
    unclaimed.delete(invocationId);
    settled.set(invocationId, how);
    if (settled.size > MAX_REMEMBERED) settled.delete(settled.keys().next().value as string);
    return found?.received;
  }

  subscribe("http.server.request.start", (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const invocationId = request.headers["x-ms-invocation-id"];
    if (typeof invocationId !== "string") return;
    drainAfterResponse(request, response, maxBodyBytes);
    if (settled.get(invocationId) === "claimed") return;
    clearInterval(unclaimed.get(invocationId)?.timer);
    // This counts ticks instead of one timeout. A blocked process has no ticks, and reads what arrived before the next one.
    const startedAt = performance.now();
    let ticks = 0;
    const giveUp = () => {
      settle(invocationId, "responded");
      void onUnclaimed({ invocationId, request, response, startedAt });
    };
    const timer = setInterval(() => {
      ticks += 1;
      if (ticks === UNCLAIMED_TICKS) giveUp();
    }, tickMs).unref();
    const received = {
      contentLength: Number(request.headers["content-length"] ?? 0),
      // The host joins some by a comma, which no token contains.
      repeatsAuthorization: request.headersDistinct.authorization?.join(",").includes(",") ?? false,
    };
    unclaimed.set(invocationId, { received, timer, giveUp });
  });

  return {
    claim(invocationId) {
      return settled.get(invocationId) === "responded" ? "responded" : settle(invocationId, "claimed");
    },
    fail: (invocationId) => unclaimed.get(invocationId)?.giveUp(),
  };
}
