// Downloads one file from a public https server: redirects, time and size are bounded, and no error shows what the
// network said.
import type { IncomingMessage } from "node:http";
import { AppError } from "../errors.ts";
import { readRaw } from "../http/multipart.ts";
import { shorten } from "../http/validation-issues.ts";
import type { Log } from "../log.ts";
import { get, internet, type Network } from "./get.ts";
import { parseTarget, rejectUrl, type Target } from "./target.ts";

export type RemoteFile = {
  /** The requested one, before redirects. */
  readonly url: URL;
  /** Bytes, as the server announces them; 0 if unknown. */
  readonly contentLength: number;
  read(): Promise<Buffer<ArrayBuffer>>;
};

/**
 * Requests the URL and calls `use` with the response, unread: it reads as soon as it has memory for the file.
 * @throws {AppError} VALIDATION_FAILED for a URL that is not https, not public or redirects to one; PAYLOAD_TOO_LARGE;
 *   UNPROCESSABLE_IMAGE when no complete file arrives in time, for whatever reason; what `use` throws
 */
export type Download = <T>(url: string, use: (file: RemoteFile) => Promise<T>) => Promise<T>;

type Options = {
  readonly maxBytes: number;
  readonly log: Log;
  /** @default the internet */
  readonly network?: Network;
  /** Milliseconds until the last byte has arrived, from the first query of DNS on, redirects included. @default 30000 */
  readonly maxMs?: number;
};

const MAX_MS = 30_000;
const MAX_REDIRECTS = 3;
const REDIRECTS = [301, 302, 303, 307, 308];

/** The target of a URL that the caller sent, or of the redirect of an earlier one. */
function requireTarget(text: string, base?: URL): Target {
  const target = parseTarget(text, base);
  if (typeof target !== "string") return target;
  return rejectUrl(base ? `redirects to a URL, which ${target}` : target);
}

export function createDownload({ maxBytes, log, network = internet, maxMs = MAX_MS }: Options): Download {
  /**
   * One message for refused, reset, slow, not trusted and malformed: with several, a caller could learn from here which
   * ports of a host are open.
   */
  function unreachable(cause: unknown): AppError {
    if (cause instanceof AppError) return cause;
    const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
    log.info("import-failed", { reason: String(code ?? name) });
    return new AppError(
      "UNPROCESSABLE_IMAGE",
      `The URL must respond over https with a complete image within ${maxMs / 1_000} seconds, received none: check that it opens in a browser, or upload the file.`,
      { cause },
    );
  }
  const orUnreachable = (cause: unknown): never => {
    throw unreachable(cause);
  };

  async function follow(first: Target, signal: AbortSignal): Promise<IncomingMessage> {
    let target = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await get(target, network, signal).catch(orUnreachable);
      const { location } = response.headers;
      if (!REDIRECTS.includes(response.statusCode ?? 0) || location === undefined) return response;
      response.destroy();
      target = requireTarget(location, target.url);
    }
    return rejectUrl(`must redirect at most ${MAX_REDIRECTS} times, received more redirects: send the last URL.`);
  }

  function requireFile({ headers, statusCode }: IncomingMessage): void {
    if (statusCode !== 200)
      throw new AppError(
        "UNPROCESSABLE_IMAGE",
        `The URL must respond with status 200, received ${statusCode}: check that it opens without sign-in.`,
      );
    // Never decompressed: a small body could become a large one.
    const coding = headers["content-encoding"] ?? "identity";
    if (coding.toLowerCase() !== "identity")
      throw new AppError(
        "UNSUPPORTED_MEDIA_TYPE",
        `The response of the URL must have no Content-Encoding, received "${shorten(coding)}": upload the file instead.`,
      );
  }

  return async (url, use) => {
    const signal = AbortSignal.timeout(maxMs);
    const target = requireTarget(url);
    const response = await follow(target, signal);
    try {
      requireFile(response);
      const contentLength = Number(response.headers["content-length"] ?? 0);
      return await use({
        url: target.url,
        contentLength,
        async read() {
          const bytes = await readRaw({ contentLength, stream: response, maxBytes }).catch(orUnreachable);
          // The end of the connection is the end of a body without a length, also when the time ended it.
          return signal.aborted ? orUnreachable(signal.reason) : bytes;
        },
      });
    } finally {
      response.destroy();
    }
  };
}
