// Which requests may carry forged headers, judged by the bytes of their bodies.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { peekable } from "./body.ts";
import { headersAreGenuine } from "./forged-headers.ts";

const utf8 = new TextEncoder();
const chunked = (bytes: Uint8Array, size = 16 * 1024): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.slice(index * size, (index + 1) * size));

function bodyOf(chunks: readonly Uint8Array[]) {
  const state = { bytesRead: 0 };
  async function* source() {
    for (const chunk of chunks) {
      state.bytesRead += chunk.length;
      yield chunk;
    }
  }
  return { state, body: peekable(source()) };
}
function isGenuine(body: string | Uint8Array, method = "POST") {
  const bytes = typeof body === "string" ? utf8.encode(body) : body;
  return headersAreGenuine(method, { contentLength: bytes.length }, bodyOf(chunked(bytes)).body);
}
const wide = (text: string, swap = false) => {
  const bytes = Buffer.from(`\uFEFF${text}`, "utf16le");
  return swap ? bytes.swap16() : bytes;
};
const forged = '{"Headers":{"x-forwarded-for":"203.0.113.9"}}';

describe("headersAreGenuine", () => {
  it.each([
    ["plain text", "<hello>"],
    ["a form", "a=1&headers=2"],
    ["two bytes", "hi"],
    ["a PNG", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
    ["a JPEG", new Uint8Array([0xff, 0xd8, 0xff, 0xe0])],
    ["an array", '[{"headers":1}]'],
    ["a JSON string", '"{headers}"'],
    ["an empty object", "{}"],
    ["an object", ' \n{"page":"resume","more":{"headers":1}}'],
    ["an object after a byte order mark", '\uFEFF{"a":1}'],
    ["longer than the inspected part", "x".repeat(200_000)],
  ])("regards headers as genuine if the body is %s", async (_, body) => {
    expect(await isGenuine(body)).toBe(true);
  });

  it.each([
    ["an object with the property", forged],
    ["an object with it in lower case", '{"headers":{}}'],
    ["an object with it in mixed case", '{"a":1,"hEaDeRs":"x"}'],
    ["an object with it in escapes", '{"\\u0048eaders":{}}'],
    ["such an object after white space", `\r\n\t \u0085\u2003${forged}`],
    ["such an object after a byte order mark", `\uFEFF${forged}`],
    ["such an object in UTF-16LE", wide(forged)],
    ["such an object in UTF-16BE", wide(forged, true)],
    ["such an object in UTF-32", new Uint8Array([0, 0, 0xfe, 0xff, 0, 0, 0, 0x7b])],
    ["such an object without quotes", "{Headers:{a:'b'}}"],
    ["such an object with a comment", '{/**/"Headers":{}}'],
    ["such an object with single quotes", "{'Headers':{}}"],
    ["such an object after a long prefix of white space", `${" ".repeat(70_000)}${forged}`],
    ["such an object after a long property", `{"a":"${"x".repeat(70_000)}","Headers":{}}`],
    ["an object in invalid UTF-8", Buffer.concat([utf8.encode('{"a":"'), new Uint8Array([0xff]), utf8.encode('"}')])],
  ])("regards headers as possibly forged if the body is %s", async (_, body) => {
    expect(await isGenuine(body)).toBe(false);
  });

  it.each(["GET", "HEAD"])(
    "regards the headers of a %s with a body as possibly forged, since the library drops the body",
    async (method) => {
      expect(await isGenuine("hello", method)).toBe(false);
      expect(await isGenuine("", method)).toBe(true);
    },
  );

  it("regards headers as possibly forged if our server has not received the request", async () => {
    expect(await headersAreGenuine("POST", undefined, bodyOf([]).body)).toBe(false);
  });

  it("regards headers as genuine without a Content-Length, and reads nothing", async () => {
    const { body, state } = bodyOf([utf8.encode(forged)]);
    expect(await headersAreGenuine("POST", { contentLength: 0 }, body)).toBe(true);
    expect(state.bytesRead).toBe(0);
  });

  it("recognizes forged headers wherever the body is split into chunks", async () => {
    for (const text of [forged, ' {"a":"ü"}', "<ü>"]) {
      const bytes = utf8.encode(text);
      for (let size = 1; size <= bytes.length; size++) {
        const { body } = bodyOf(chunked(bytes, size));
        expect(await headersAreGenuine("POST", { contentLength: bytes.length }, body)).toBe(text !== forged);
      }
    }
  });

  it("never regards headers as genuine if JSON.parse finds the property", async () => {
    const name = fc.constantFrom("headers", "Headers", "HEADERS");
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), name, fc.jsonValue(), async (more, key, value) => {
        expect(await isGenuine(JSON.stringify({ ...more, [key]: value }))).toBe(false);
      }),
    );
  });

  it("reads only the beginning of a long body", async () => {
    const { body, state } = bodyOf(chunked(new Uint8Array(1024 * 1024)));
    await headersAreGenuine("POST", { contentLength: 1024 * 1024 }, body);
    expect(state.bytesRead).toBeLessThan(100 * 1024);
  });

  it("rejects with VALIDATION_FAILED when the client disconnects", async () => {
    async function* broken() {
      yield utf8.encode("{");
      throw new Error("ECONNRESET");
    }
    await expect(headersAreGenuine("POST", { contentLength: 9 }, peekable(broken()))).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
    });
  });
});

describe("peekable", () => {
  it("yields the whole body, however many chunks were peeked", async () => {
    const bytes = utf8.encode("0123456789");
    for (let peeks = 0; peeks <= 6; peeks++) {
      const { body } = bodyOf(chunked(bytes, 2));
      for (let peek = 0; peek < peeks; peek++) await body.peek();
      let read = "";
      for await (const chunk of body) read += Buffer.from(chunk);
      expect(read).toBe("0123456789");
    }
  });

  it("ends its source when a reader stops early", async () => {
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
