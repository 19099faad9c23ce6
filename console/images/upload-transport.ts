// Sends a request by XMLHttpRequest, which reports the progress of an upload, as fetch does not.
import { ApiError } from "../api-error.ts";
import type { Transport } from "../client.ts";

/** Milliseconds without progress. The response to an upload follows within a minute. */
const STALLED_MS = 120_000;

/** @param onProgress part of the body that was sent, from 0 to 1 */
export const uploadTransport =
  (onProgress: (sent: number) => void, signal: AbortSignal): Transport =>
  ({ method, url, headers, body }) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const fail = (message: string) => reject(new ApiError(message));
      let stalled: ReturnType<typeof setTimeout> | undefined;
      const watch = () => {
        clearTimeout(stalled);
        stalled = setTimeout(() => request.abort(), STALLED_MS);
      };
      const abort = () => request.abort();
      request.open(method, url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => {
        watch();
        onProgress(total > 0 ? loaded / total : 0);
      };
      request.onload = () =>
        resolve({
          status: request.status,
          text: request.responseText,
          header: (name) => request.getResponseHeader(name),
        });
      request.onerror = () => fail("The connection was lost.");
      request.onabort = () => fail(signal.aborted ? "Cancelled." : "The upload stopped.");
      request.onloadend = () => {
        clearTimeout(stalled);
        signal.removeEventListener("abort", abort);
      };
      signal.addEventListener("abort", abort);
      watch();
      request.send(body ?? null);
      if (signal.aborted) abort();
    });
