// The body of a form: what is read, what is rejected, and that no message repeats a part of it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { readForm } from "./form.ts";

const FORM = "application/x-www-form-urlencoded";

function read(body: string | Uint8Array, headers: Record<string, string> = { "content-type": FORM }, maxMs?: number) {
  async function* stream() {
    yield Buffer.from(body as string);
    if (maxMs !== undefined) await new Promise(() => undefined);
  }
  return readForm({ headers: new Headers(headers), stream: stream(), ...(maxMs !== undefined && { maxMs }) }, [
    "a",
    "d",
    "e",
  ]);
}
const rejected = async (...args: Parameters<typeof read>): Promise<AppError> => {
  const thrown = await read(...args).catch((error: unknown) => error);
  return thrown instanceof AppError ? thrown : expect.fail("was read");
};

describe("readForm", () => {
  it("returns the decoded parameters, without known ones that are empty", async () => {
    expect(await read("a=1&b=x%20y+z&c=%C3%A9é&d=&e&f=g=h&g&__proto__=p")).toEqual(
      Object.fromEntries([
        ["a", "1"],
        ["b", "x y z"],
        ["c", "éé"],
        ["f", "g=h"],
        ["g", ""],
        ["__proto__", "p"],
      ]),
    );
    expect(await read("")).toEqual({});
    expect(await read("a=1", { "content-type": `${FORM}; charset=UTF-8` })).toEqual({ a: "1" });
  });

  it("reads whatever URLSearchParams writes", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((one) => !one.includes("\0"));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, text, { maxKeys: 5 }), async (values) => {
        expect(await read(new URLSearchParams(Object.entries(values)).toString())).toEqual(values);
      }),
    );
  });

  it.each([
    ["a bad escape", "password=hunter2%zz"],
    ["invalid UTF-8 in escapes", "password=hunter2%C0%AF"],
    ["invalid UTF-8", Buffer.from("password=hunter2\xff", "latin1")],
    ["an escaped NUL", "password=hunter2%00"],
    ["a NUL", "password=hunter2\0"],
    ["an escape that ends a part of a password", "password=a&hunter2%"],
    ["a repeated parameter", "hunter2=1&hunter2=2"],
    ["a parameter that is repeated without a value", "hunter2=1&hunter2"],
    ["a JSON object", '{"password":"hunter2"}'],
    ["a JSON object whose end has no value", '{"headers":{"origin":"https://own"},"x":"&password=hunter2&"}'],
    ["white space before a JSON object", ' \n{"headers":{},"x":"&password=hunter2"}'],
    ["UTF-16", Buffer.from("\ufeffpassword=hunter2", "utf16le")],
  ])("rejects %s and repeats none of it", async (_, body) => {
    const { code, message, details } = await rejected(body);
    expect(code).toBe("VALIDATION_FAILED");
    expect(JSON.stringify([message, details])).not.toMatch(/hunter2/);
  });

  it.each([
    [undefined, "UNSUPPORTED_MEDIA_TYPE"],
    ["application/json", "UNSUPPORTED_MEDIA_TYPE"],
    ["multipart/form-data; boundary=x", "UNSUPPORTED_MEDIA_TYPE"],
    [`${FORM}; charset=latin1`, "UNSUPPORTED_MEDIA_TYPE"],
    [`${FORM}, ${FORM}`, "UNSUPPORTED_MEDIA_TYPE"],
  ])("rejects the Content-Type %s with %s", async (type, code) => {
    expect(await rejected("a=1", type === undefined ? {} : { "content-type": type })).toMatchObject({ code });
  });

  it("rejects a content coding, more than 8 KiB, and a body that takes too long", async () => {
    const type = { "content-type": FORM };
    expect((await rejected("a=1", { ...type, "content-encoding": "gzip" })).code).toBe("UNSUPPORTED_MEDIA_TYPE");
    expect(await read(`a=${"x".repeat(8_190)}`)).toEqual({ a: "x".repeat(8_190) });
    expect((await rejected(`a=${"x".repeat(8_191)}`)).code).toBe("PAYLOAD_TOO_LARGE");
    expect((await rejected("a=1", { ...type, "content-length": "8193" })).code).toBe("PAYLOAD_TOO_LARGE");
    expect((await rejected("a=1", type, 1)).code).toBe("VALIDATION_FAILED");
  });
});
