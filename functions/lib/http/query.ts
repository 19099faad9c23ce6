// Query parameters for an operation that declares some: each once, and in UTF-8. Pure.
import type { ErrorDetail } from "../errors.ts";
import { placeOf, shorten } from "./faults.ts";

/** What stands in a query but is no text: an escape that is none, bytes that are not UTF-8, or U+0000. */
function unreadable(piece: string): boolean {
  try {
    return decodeURIComponent(piece).includes("\0");
  } catch {
    return true;
  }
}

/**
 * The parameters by name, and what is wrong with how they were sent. URLSearchParams takes anything: it would keep %zz
 * as it is, put U+FFFD for what is not UTF-8, and leave it to us which of two values counts.
 */
export function readQuery(url: string): {
  readonly values: Readonly<Record<string, string>>;
  readonly faults: readonly ErrorDetail[];
} {
  const { search, searchParams } = new URL(url);
  if (search === "") return { values: {}, faults: [] };
  const wrong = search
    .slice(1)
    .split("&")
    .filter(unreadable)
    .map((piece) => ({
      path: placeOf("query", [piece.split("=", 1)[0] ?? ""]),
      message: `must be UTF-8 in valid percent escapes, without %00, received ${JSON.stringify(shorten(piece))}: escape each byte as %XX, as encodeURIComponent does.`,
    }));
  const twice = [...new Set(searchParams.keys())]
    .filter((name) => searchParams.getAll(name).length > 1)
    .map((name) => ({
      path: placeOf("query", [name]),
      message: `must be given once, received it ${searchParams.getAll(name).length} times: leave one.`,
    }));
  return { values: Object.fromEntries(searchParams), faults: [...wrong, ...twice] };
}
