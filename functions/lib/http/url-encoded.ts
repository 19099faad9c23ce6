// Reads the names and values of a query or a form (application/x-www-form-urlencoded) strictly. Pure.

type Pair = {
  readonly name: string;
  readonly value: string;
};

/** Undefined for escapes that are no UTF-8, and for a NUL: URLSearchParams keeps %zz and replaces invalid UTF-8. */
function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll("+", " "));
    return decoded.includes("\0") ? undefined : decoded;
  } catch {
    return undefined;
  }
}

export type Pairs = {
  /** By name; of a repeated name the last one. */
  readonly values: Readonly<Record<string, string>>;
  /** Pieces between two `&` that cannot be decoded, as they were received. */
  readonly unreadable: readonly string[];
  /** How often each repeated name was given. */
  readonly repeated: ReadonlyMap<string, number>;
};

/** https://url.spec.whatwg.org/#concept-urlencoded-parser, except that it also reports what that accepts silently. */
export function readPairs(text: string): Pairs {
  const pairs: Pair[] = [];
  const unreadable: string[] = [];
  const counts = new Map<string, number>();
  for (const piece of text.split("&")) {
    if (piece === "") continue;
    const end = piece.includes("=") ? piece.indexOf("=") : piece.length;
    const [name, value] = [decode(piece.slice(0, end)), decode(piece.slice(end + 1))];
    if (name === undefined || value === undefined) unreadable.push(piece);
    else {
      pairs.push({ name, value });
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return {
    values: Object.fromEntries(pairs.map(({ name, value }) => [name, value])),
    unreadable,
    repeated: new Map([...counts].filter(([, count]) => count > 1)),
  };
}
