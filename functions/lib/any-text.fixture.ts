// Arbitrary text of any characters, at a fraction of the cost of fast-check's own.
import fc from "fast-check";

const SURROGATES = { first: 0xd800, count: 0x800 };
const LAST = 0x10ffff - SURROGATES.count;
const codePoint = (index: number) => (index < SURROGATES.first ? index : index + SURROGATES.count);

function indexOf(character: unknown): number {
  const [code = -1, ...more] = typeof character === "string" ? Array.from(character, (it) => it.codePointAt(0)) : [];
  if (code < 0 || more.length > 0) throw new Error("Not one character");
  return code < SURROGATES.first ? code : code - SURROGATES.count;
}

/**
 * Every code point but half a surrogate pair, as `unit: "binary"` has them. For that, fast-check puts the million of them
 * into a map, in each process: a second and 150 MB.
 */
const character = fc.nat({ max: LAST }).map((index) => String.fromCodePoint(codePoint(index)), indexOf);

/** As `fc.string({ unit: "binary" })`. */
export const anyText = (maxLength?: number) =>
  fc.string({ unit: character, ...(maxLength !== undefined && { maxLength }) });
