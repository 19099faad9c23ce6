// What several checks ask of an answer: a status, JSON, the one error shape. Shows as much of it as helps.
import { type FaultParts, must } from "./check.ts";
import type { Answer } from "./client.ts";

const LONGEST = 160;

/** A link opens its picture to whoever reads the message. */
const secretless = (text: string) => text.replace(/\s+/g, " ").replace(/\bsig=[^"&\s]+/g, "sig=…");

/** An answer in one short line. */
export function describeResponse({ status, text, headers, bytes }: Answer): string {
  const type = headers.get("content-type") ?? "no content type";
  const line = /json|text/.test(type) ? secretless(text).slice(0, LONGEST) : `${bytes.byteLength} bytes`;
  return `${status}, ${type}${line ? `: ${line}` : ", empty"}${text.length > LONGEST && line.length === LONGEST ? "…" : ""}`;
}

type Wanted = { readonly status: number; readonly look: string };

export function mustHaveStatus(answer: Answer, { status, look }: Wanted): void {
  must(answer.status === status, { expected: `${status} of ${answer.what}`, received: describeResponse(answer), look });
}

/** The body of an answer with this status, claimed to be of a shape: whoever uses a field checks it. */
export function jsonOf<T extends object>(answer: Answer, wanted: Wanted): Partial<T> {
  mustHaveStatus(answer, wanted);
  const unlike: FaultParts = {
    expected: `a JSON object from ${answer.what}`,
    received: describeResponse(answer),
    look: wanted.look,
  };
  must(/^application\/json\b/.test(answer.headers.get("content-type") ?? ""), unlike);
  const parsed = parse(answer.text);
  must(typeof parsed === "object" && parsed !== null, unlike);
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
export function mustBeError(answer: Answer, wanted: Wanted & { readonly code: string }): void {
  const { error } = jsonOf<{ error: Record<string, unknown> }>(answer, wanted);
  must(error?.code === wanted.code && typeof error.message === "string" && typeof error.trace_id === "string", {
    expected: `the error ${wanted.code} with message and trace_id from ${answer.what}`,
    received: describeResponse(answer),
    look: wanted.look,
  });
}
