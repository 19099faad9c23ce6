// Assertions about a response: its status, its JSON, the one error shape.
import { type FailureParts, must } from "./check-failure.ts";
import type { ApiResponse } from "./client.ts";

const MAX_TEXT = 160;

/** Hides signatures and tokens, since anybody who has one can use it. */
const hideSecrets = (text: string) =>
  text
    .replace(/\s+/g, " ")
    .replace(/\bsig=[^"&\s]+/g, "sig=…")
    .replace(/("(?:access|refresh)_token" ?: ?")[^"]*/g, "$1…");

/** A response in one short line. */
export function describeResponse({ status, text, headers, bytes }: ApiResponse): string {
  const type = headers.get("content-type") ?? "no content type";
  const line = /json|text/.test(type) ? hideSecrets(text).slice(0, MAX_TEXT) : `${bytes.byteLength} bytes`;
  return `${status}, ${type}${line ? `: ${line}` : ", empty"}${text.length > MAX_TEXT && line.length === MAX_TEXT ? "…" : ""}`;
}

type Expected = { readonly status: number; readonly look: string };

export function mustHaveStatus(response: ApiResponse, { status, look }: Expected): void {
  must(response.status === status, {
    expected: `${status} from ${response.what}`,
    received: describeResponse(response),
    look,
  });
}

/** The JSON object of a response with this status; its fields are typed but not validated. */
export function jsonOf<T extends object>(response: ApiResponse, expected: Expected): Partial<T> {
  mustHaveStatus(response, expected);
  const mismatch: FailureParts = {
    expected: `a JSON object from ${response.what}`,
    received: describeResponse(response),
    look: expected.look,
  };
  must(/^application\/json\b/.test(response.headers.get("content-type") ?? ""), mismatch);
  const parsed = parse(response.text);
  must(typeof parsed === "object" && parsed !== null, mismatch);
  return parsed as Partial<T>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{ error: { code, message, trace_id } }` with this status and code. */
export function mustBeError(response: ApiResponse, expected: Expected & { readonly code: string }): void {
  const { error } = jsonOf<{ error: Record<string, unknown> }>(response, expected);
  must(error?.code === expected.code && typeof error.message === "string" && typeof error.trace_id === "string", {
    expected: `the error ${expected.code} with message and trace_id from ${response.what}`,
    received: describeResponse(response),
    look: expected.look,
  });
}
