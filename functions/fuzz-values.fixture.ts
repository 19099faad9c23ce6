// Arbitrary values and texts that break parsers, and bodies close to a valid one: JSON or a form with one change.
import fc from "fast-check";
import { anyText } from "./lib/any-text.fixture.ts";

/** Values that tend to break parsers. */
export const nasty = fc.constantFrom(
  ..."0,-1,1e400,null,NaN,[],{},__proto__,constructor,toString,.,..,../..,%00,%2F,%C0%AF,%zz,%u0041,%25,',\"".split(
    ",",
  ),
  "",
  " ",
  "\0",
  "\ud800",
  "\r\nX-Injected: 1",
  "\u202e",
  "<script>",
  "0198c0de-0000-7000-8000-00000000abcd",
  "x".repeat(3_000),
);
export const text = fc.oneof(nasty, fc.string({ maxLength: 40 }), anyText(10));
/** Strings and other values of limited size. */
const anything = fc.oneof(text, fc.integer(), fc.double(), fc.jsonValue({ maxDepth: 3 }));
export const mostly = <T>(usual: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

/** Characters that a header may contain: node:http and undici reject others before sending. */
export const headerText = text.map((value) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ""));

/** An example with fields replaced, omitted or added. */
function near(example: unknown): fc.Arbitrary<unknown> {
  if (typeof example !== "object" || example === null) return anything;
  const fields = Object.entries(example).map(([name, value]) => {
    const sent = mostly<unknown>(value, fc.oneof(anything, near(value)));
    return fc.option(sent, { freq: 9, nil: undefined }).map((chosen) => [name, chosen] as const);
  });
  const more = fc.array(fc.tuple(text, anything), { maxLength: 2 });
  return fc
    .tuple(fc.tuple(...fields), mostly([], more))
    .map((parts) => Object.fromEntries(parts.flat().filter(([, value]) => value !== undefined)));
}

/** JSON of such a value: valid, with a repeated key, truncated, or nested too deep. */
export function jsonNear(example: unknown): fc.Arbitrary<string> {
  return fc
    .tuple(near(example), mostly("", fc.constantFrom("twice", "cut", "deep", "mark")), fc.nat())
    .map(([value, how, at]) => {
      const json = JSON.stringify(value) ?? "";
      if (how === "twice") return json.replace(/^\{("[^"]*"):/, "{$1:0,$1:");
      if (how === "cut") return json.slice(0, at % (json.length + 1));
      if (how === "deep") return "[".repeat(at % 30_000) + json;
      return how === "mark" ? `\ufeff${json}` : json;
    });
}

/** Parameters near those of the example: one missing, repeated, of another value, or badly escaped. */
export function formNear(example: object): fc.Arbitrary<string> {
  const known = Object.entries(example);
  const value = fc.oneof(
    text.map((one) => encodeURIComponent(one.toWellFormed())),
    nasty,
  );
  const name = fc.oneof(fc.constantFrom("headers", "cookie", "refresh_token", ...known.map(([one]) => one)), value);
  const pieces = known.map(([one, given]) => mostly(`${one}=${encodeURIComponent(String(given))}`, value));
  const more = fc.array(
    fc.tuple(name, value).map((pair) => pair.join("=")),
    { maxLength: 2 },
  );
  return fc.tuple(fc.tuple(...pieces), mostly([], more)).map((parts) => parts.flat().join("&"));
}

/** Lines near those of the example: fields replaced, lines missing or repeated. */
export function csvNear(example: string): fc.Arbitrary<string> {
  const day = fc.date({ min: new Date("1000-01-01"), max: new Date("2999-12-31"), noInvalidDate: true });
  const field = fc.oneof(
    text,
    fc.nat().map(String),
    day.map((date) => date.toISOString().slice(0, 10)),
  );
  const lines = example.split("\r\n").map((line) => {
    const fields = line.split(",").map((given) => mostly(given, field));
    return mostly(
      line,
      fc.tuple(...fields).map((chosen) => chosen.join(",")),
    );
  });
  const more = fc.array(fc.tuple(field, field, field), { maxLength: 3 });
  return fc
    .tuple(fc.tuple(...lines), mostly([], more), fc.constantFrom("\r\n", "\n"))
    .map(([first, last, end]) => [...first, ...last.map((fields) => fields.join(","))].join(end));
}
