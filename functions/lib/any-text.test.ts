// Arbitrary text has what fast-check's own has.
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyText } from "./any-text.fixture.ts";

it("anyText generates well-formed text with characters of every plane, and names that break objects", () => {
  const texts = fc.sample(anyText(10), { numRuns: 3_000, seed: 1 });
  expect(texts.every((text) => text.isWellFormed())).toBe(true);
  const planes = new Set(texts.flatMap((text) => Array.from(text, (it) => (it.codePointAt(0) ?? 0) >> 16)));
  expect(planes.size).toBe(17);
  // fast-check inserts such names only where it can take a text apart into characters again.
  expect(texts.some((text) => text.includes("__proto__") || text.includes("toString"))).toBe(true);
});

it("anyText shrinks a failure to one character", () => {
  const { counterexample } = fc.check(
    fc.property(anyText(), (text) => !/[\u{10000}-\u{10ffff}]/u.test(text)),
    { seed: 1 },
  );
  expect(counterexample?.[0]).toBe("\u{10000}");
});
