// Reads an uploaded body in chunks for the tests of forms and raw bodies.
import { expect } from "vitest";
import { readFile } from "./multipart.ts";

export const MAX = 1_000;
export const BOUNDARY = "----vitae7MA4YWxk";
const form = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };

type Source = {
  readonly chunk?: number;
  readonly contentLength?: number;
  readonly headers?: Record<string, string>;
  readonly failAt?: number;
};

/** Reads a body in chunks, and returns how many bytes of it were requested. */
export async function read(
  body: Uint8Array | string,
  { chunk = 11, contentLength = 0, headers = form, failAt }: Source = {},
) {
  const bytes = Buffer.from(body as Uint8Array);
  const state = { bytesRead: 0 };
  async function* stream() {
    for (let at = 0; at < bytes.length; at += chunk) {
      if (failAt !== undefined && at >= failAt) throw new Error("ECONNRESET");
      state.bytesRead = Math.min(at + chunk, bytes.length);
      yield bytes.subarray(at, at + chunk);
    }
  }
  const upload = { contentLength, headers: new Headers(headers), stream: stream(), field: "file", maxBytes: MAX };
  const file = await readFile(upload).catch((error: unknown) => ({ error }));
  return { file, ...state };
}

export const rejectedWith = (code: string) => ({ error: expect.objectContaining({ code }) });
