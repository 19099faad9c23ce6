// Which requests may have lost their headers to what they sent, told by the bytes of their bodies.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasOwnHeaders, peekable } from "./replaced-headers.ts";

const utf8 = new TextEncoder();
const chunked = (bytes: Uint8Array, size = 16 * 1024): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.slice(index * size, (index + 1) * size));

function bodyOf(chunks: readonly Uint8Array[]) {
  const state = { taken: 0 };
  async function* source() {
    for (const chunk of chunks) {
      state.taken += chunk.length;
      yield chunk;
    }
  }
  return { state, body: peekable(source()) };
}
function judge(body: string | Uint8Array, method = "POST") {
  const bytes = typeof body === "string" ? utf8.encode(body) : body;
  return hasOwnHeaders(method, { contentLength: bytes.length }, bodyOf(chunked(bytes)).body);
}
const wide = (text: string, swap = false) => {
  const bytes = Buffer.from(`\uFEFF${text}`, "utf16le");
  return swap ? bytes.swap16() : bytes;
};
const forged = '{"Headers":{"x-forwarded-for":"203.0.113.9"}}';

describe("headers", () => {
  it.each([
    ["a text", "<hello>"],
    ["a form", "a=1&headers=2"],
    ["two bytes", "hi"],
    ["a PNG", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
    ["a JPEG", new Uint8Array([0xff, 0xd8, 0xff, 0xe0])],
    ["a list", '[{"headers":1}]'],
    ["a JSON text", '"{headers}"'],
    ["an empty object", "{}"],
    ["an object", ' \n{"page":"resume","more":{"headers":1}}'],
    ["an object behind a BOM", '\uFEFF{"a":1}'],
    ["more than is looked at", "x".repeat(200_000)],
  ])("are the request's own when its body is %s", async (_, body) => {
    expect(await judge(body)).toBe(true);
  });

  it.each([
    ["an object that has them", forged],
    ["one in lower case", '{"headers":{}}'],
    ["one in any case", '{"a":1,"hEaDeRs":"x"}'],
    ["one that escapes them", '{"\\u0048eaders":{}}'],
    ["one behind white space", `\r\n\t \u0085\u2003${forged}`],
    ["one behind a BOM", `\uFEFF${forged}`],
    ["one in UTF-16", wide(forged)],
    ["one in UTF-16, the other way round", wide(forged, true)],
    ["one in UTF-32", new Uint8Array([0, 0, 0xfe, 0xff, 0, 0, 0, 0x7b])],
    ["one without quotes", "{Headers:{a:'b'}}"],
    ["one with a comment", '{/**/"Headers":{}}'],
    ["one with single quotes", "{'Headers':{}}"],
    ["one that is longer than is looked at", `${" ".repeat(70_000)}${forged}`],
    ["one with a long beginning", `{"a":"${"x".repeat(70_000)}","Headers":{}}`],
    ["one that is not UTF-8", Buffer.concat([utf8.encode('{"a":"'), new Uint8Array([0xff]), utf8.encode('"}')])],
  ])("may have been replaced when the body is %s", async (_, body) => {
    expect(await judge(body)).toBe(false);
  });

  it.each(["GET", "HEAD"])("may have been replaced by the body of a %s, which nobody sees", async (method) => {
    expect(await judge("hello", method)).toBe(false);
    expect(await judge("", method)).toBe(true);
  });

  it("cannot be told for a request that no server of ours received", async () => {
    expect(await hasOwnHeaders("POST", undefined, bodyOf([]).body)).toBe(false);
  });

  it("are its own when no length was told, and then not a byte is waited for", async () => {
    const { body, state } = bodyOf([utf8.encode(forged)]);
    expect(await hasOwnHeaders("POST", { contentLength: 0 }, body)).toBe(true);
    expect(state.taken).toBe(0);
  });

  it("are told apart wherever the body is cut", async () => {
    for (const text of [forged, ' {"a":"ü"}', "<ü>"]) {
      const bytes = utf8.encode(text);
      for (let size = 1; size <= bytes.length; size++) {
        const { body } = bodyOf(chunked(bytes, size));
        expect(await hasOwnHeaders("POST", { contentLength: bytes.length }, body)).toBe(text !== forged);
      }
    }
  });

  it("are never called a request's own when JSON.parse finds such a property", async () => {
    const name = fc.constantFrom("headers", "Headers", "HEADERS");
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), name, fc.jsonValue(), async (more, key, value) => {
        expect(await judge(JSON.stringify({ ...more, [key]: value }))).toBe(false);
      }),
    );
  });

  it("cost a long body no more than its beginning", async () => {
    const { body, state } = bodyOf(chunked(new Uint8Array(1024 * 1024)));
    await hasOwnHeaders("POST", { contentLength: 1024 * 1024 }, body);
    expect(state.taken).toBeLessThan(100 * 1024);
  });

  it("of a caller who hangs up are the caller's failure", async () => {
    async function* broken() {
      yield utf8.encode("{");
      throw new Error("ECONNRESET");
    }
    await expect(hasOwnHeaders("POST", { contentLength: 9 }, peekable(broken()))).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
    });
  });
});

describe("a body that was looked at", () => {
  it("is read whole afterwards, however much of it was seen", async () => {
    const bytes = utf8.encode("0123456789");
    for (let peeks = 0; peeks <= 6; peeks++) {
      const { body } = bodyOf(chunked(bytes, 2));
      for (let peek = 0; peek < peeks; peek++) await body.peek();
      let read = "";
      for await (const chunk of body) read += Buffer.from(chunk);
      expect(read).toBe("0123456789");
    }
  });

  it("is let go of by a reader who stops early", async () => {
    let ended = false;
    async function* source() {
      try {
        for (;;) yield new Uint8Array(1);
      } finally {
        ended = true;
      }
    }
    const body = peekable(source());
    await body.peek();
    let read = 0;
    for await (const { length } of body) {
      read += length;
      if (read === 3) break;
    }
    expect(ended).toBe(true);
  });
});
