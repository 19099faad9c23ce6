// Parses JSON that every reader understands alike: UTF-8, unique keys, storable text, limited depth. Pure.
import { type JSONVisitor, visit } from "jsonc-parser";
import type { ErrorDetail } from "../errors.ts";
import { placeOf, throwValidationError } from "./validation-issues.ts";

/** Nesting of arrays and objects. Ours have two or three levels; this bounds every later recursion over a value. */
const MAX_DEPTH = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true });

const rejectBody = (message: string, cause?: unknown) => throwValidationError([{ path: "body", message }], cause);

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    return rejectBody("must be UTF-8, received other bytes: encode it as UTF-8.", cause);
  }
}

/**
 * The position of the first syntax error, and the issues that JSON.parse accepts: of two equal keys it takes the last,
 * where another reader may take the first.
 */
function inspect(text: string): { readonly issues: readonly ErrorDetail[]; readonly position: string | undefined } {
  const issues: ErrorDetail[] = [];
  let position: string | undefined;
  const openObjects: Set<string>[] = [];
  let depth = 0;
  function enter(): void {
    depth += 1;
    if (depth > MAX_DEPTH) rejectBody(`must be at most ${MAX_DEPTH} levels deep, received more: flatten it.`);
  }
  function checkText(value: unknown, path: () => readonly PropertyKey[]): void {
    if (typeof value === "string" && (!value.isWellFormed() || value.includes("\0")))
      issues.push({
        path: placeOf("body", path()),
        message: "must have no U+0000 and no unpaired surrogate, received one: leave it out.",
      });
  }
  const visitor: JSONVisitor = {
    onObjectBegin() {
      enter();
      openObjects.push(new Set());
    },
    onObjectEnd() {
      depth -= 1;
      openObjects.pop();
    },
    onArrayBegin: enter,
    onArrayEnd() {
      depth -= 1;
    },
    onError(_code, _offset, _length, line, column) {
      position ??= `line ${line + 1}, column ${column + 1}`;
    },
    onObjectProperty(name, _offset, _length, _line, _column, parents) {
      const path = () => [...parents(), name];
      checkText(name, path);
      const names = openObjects.at(-1);
      if (names?.has(name))
        issues.push({ path: placeOf("body", path()), message: "must be given once, received it again: send one." });
      names?.add(name);
    },
    onLiteralValue(value: unknown, _offset, _length, _line, _column, path) {
      checkText(value, path);
    },
  };
  visit(text, visitor, { disallowComments: true });
  return { issues, position };
}

/** @throws {AppError} VALIDATION_FAILED with the issues of single fields in its details */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const { issues, position } = inspect(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // V8's message stays in the log: it quotes the body, which may contain a password.
    return rejectBody(
      `must be JSON, received something else: ${position ? `see ${position}` : "check its syntax"}.`,
      cause,
    );
  }
  if (issues.length > 0) throwValidationError(issues);
  return value;
}
