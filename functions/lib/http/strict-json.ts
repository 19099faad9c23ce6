// JSON that means one thing to whoever reads it: UTF-8, no key twice, no text that no store takes, not too deep. Pure.
import { type JSONVisitor, visit } from "jsonc-parser";
import type { ErrorDetail } from "../errors.ts";
import { placeOf, refuse } from "./faults.ts";

/** Lists and objects within each other. Ours have two or three; whatever walks a value later walks no further. */
const DEPTH = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true });

const refuseBody = (message: string, cause?: unknown) => refuse([{ path: "body", message }], cause);

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    return refuseBody("must be UTF-8, received bytes that are not: encode it so.", cause);
  }
}

/**
 * Where a text first is no JSON, and every fault that it has if it is. JSON.parse takes the last of two keys; another
 * reader may take the first.
 */
function inspect(text: string): { readonly faults: readonly ErrorDetail[]; readonly place: string | undefined } {
  const faults: ErrorDetail[] = [];
  let place: string | undefined;
  const open: Set<string>[] = [];
  let depth = 0;
  function deeper(): void {
    depth += 1;
    if (depth > DEPTH) refuseBody(`must be at most ${DEPTH} levels deep, received more: flatten it.`);
  }
  function read(value: unknown, path: () => readonly PropertyKey[]): void {
    if (typeof value === "string" && (!value.isWellFormed() || value.includes("\0")))
      faults.push({
        path: placeOf("body", path()),
        message: "must have no U+0000 and no half of a surrogate pair, received one: leave it out.",
      });
  }
  const visitor: JSONVisitor = {
    onObjectBegin() {
      deeper();
      open.push(new Set());
    },
    onObjectEnd() {
      depth -= 1;
      open.pop();
    },
    onArrayBegin: deeper,
    onArrayEnd() {
      depth -= 1;
    },
    onError(_code, _offset, _length, line, column) {
      place ??= `line ${line + 1}, column ${column + 1}`;
    },
    onObjectProperty(name, _offset, _length, _line, _column, around) {
      const path = () => [...around(), name];
      read(name, path);
      const names = open.at(-1);
      if (names?.has(name))
        faults.push({ path: placeOf("body", path()), message: "must be given once, received it again: leave one." });
      names?.add(name);
    },
    onLiteralValue(value: unknown, _offset, _length, _line, _column, path) {
      read(value, path);
    },
  };
  visit(text, visitor, { disallowComments: true });
  return { faults, place };
}

/** @throws {AppError} VALIDATION_FAILED; what is wrong with single fields is in its details */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const { faults, place } = inspect(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // V8's message is not for the caller: it quotes the body, which may hold a password.
    return refuseBody(`must be JSON, received something else: ${place ? `see ${place}` : "check its syntax"}.`, cause);
  }
  if (faults.length > 0) refuse(faults);
  return value;
}
