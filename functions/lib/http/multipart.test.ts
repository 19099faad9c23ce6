// Uploaded files in forms: exact bytes, file names, limits and hostile forms.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BOUNDARY, MAX, read, rejectedWith } from "./multipart.fixture.ts";

const end = Buffer.from(`--${BOUNDARY}--\r\n`);

function part(content: string | Uint8Array, disposition = 'name="file"; filename="a.png"', headers = "") {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(content as Uint8Array), Buffer.from("\r\n")]);
}

const ofForm = (...parts: Uint8Array[]) => read(Buffer.concat([...parts, end]));
const named = async (disposition: string) => {
  const { file } = await ofForm(part("x", `name="file"; ${disposition}`));
  return "filename" in file ? file.filename : file;
};

describe("files in forms", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.constantFrom("\r\n", "\r", "\n", "--", `--${BOUNDARY}`, `\r\n--${BOUNDARY.slice(0, -1)}`, `${BOUNDARY}--`, "\0"),
  );
  const content = fc
    .array(piece, { maxLength: 12 })
    .map((pieces) => Buffer.concat(pieces.map((each) => Buffer.from(each as Uint8Array))))
    // Clients choose a boundary that the content does not contain.
    .filter((bytes) => !`\r\n${bytes.toString("latin1")}`.includes(`\r\n--${BOUNDARY}`));

  it("reads a file of a form byte for byte, whatever its bytes and chunks", async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.integer({ min: 1, max: 200 }), async (bytes, chunk) => {
        const { file } = await read(Buffer.concat([part(bytes), end]), { chunk });
        expect(file).toEqual({ bytes, filename: "a.png" });
      }),
      { numRuns: 300 },
    );
  });

  it("reads a file from a form of fetch with other fields", async () => {
    const data = new FormData();
    data.append("caption", "Me, here");
    data.append("file", new File([new Uint8Array([0, 255, 13, 10])], 'Zoë "Z" 😀.png', { type: "image/png" }));
    const request = new Request("http://x", { method: "POST", body: data });
    const headers = { "content-type": request.headers.get("content-type") as string };
    const { file } = await read(await request.bytes(), { headers });
    expect(file).toEqual({ bytes: Buffer.from([0, 255, 13, 10]), filename: 'Zoë "Z" 😀.png' });
  });

  it.each([
    ["escaped quotation marks", String.raw`filename="a\"b.png"`, 'a"b.png'],
    ["UTF-8", 'filename="é😀.png"', "é😀.png"],
    ["an RFC 5987 name", "filename*=UTF-8''%e2%82%ac.png", "€.png"],
    ["no quotation marks", "filename=a.png", "a.png"],
    ["a semicolon", 'filename="a;b=c.png"', "a;b=c.png"],
    ["a Unix path", 'filename="../../etc/passwd"', "passwd"],
    ["a Windows path", String.raw`filename="C:\a\b.png"`, "b.png"],
    ["only dots", 'filename=".."', ""],
  ])("reads a file name with %s", async (_, disposition, name) => {
    expect(await named(disposition)).toBe(name);
  });

  it.each(["filename*=UTF-8''%zz%ff.png", "filename*=nonsense''%ff.png", "filename*=''", 'filename="__proto__"'])(
    "accepts a file with the unreadable name %s",
    async (disposition) => {
      expect(await named(disposition)).toEqual(expect.any(String));
    },
  );

  it("accepts a file of exactly the limit, and rejects one more byte with PAYLOAD_TOO_LARGE", async () => {
    expect((await ofForm(part("x".repeat(MAX)))).file).toMatchObject({ bytes: { length: MAX } });
    expect((await ofForm(part("x".repeat(MAX + 1)))).file).toEqual(rejectedWith("PAYLOAD_TOO_LARGE"));
  });

  it("reads a form no further than the limit plus the overhead of a form", async () => {
    const { file, bytesRead } = await read(part("x".repeat(5_000_000)), { chunk: 1_024 });
    expect(file).toEqual(rejectedWith("PAYLOAD_TOO_LARGE"));
    expect(bytesRead).toBeLessThanOrEqual(MAX + 64 * 1024 + 1_024);
  });

  it("reads nothing of a form whose Content-Length is too large", async () => {
    const { file, bytesRead } = await read(part("x".repeat(5_000)), { contentLength: 10_000_000 });
    expect(file).toEqual(rejectedWith("PAYLOAD_TOO_LARGE"));
    expect(bytesRead).toBe(0);
  });
});

describe("malformed forms", () => {
  const others = [part("1", 'name="caption"'), part("y", 'name="other"; filename="b"')];
  const whole = Buffer.concat([...others, part("hello"), end]);

  it("rejects a form wherever it ends before its last boundary, without an uncaught error", async () => {
    const last = whole.length - "--\r\n".length;
    for (let at = 0; at <= last; at++)
      expect((await read(whole.subarray(0, at))).file, `cut at ${at}`).toEqual(rejectedWith("VALIDATION_FAILED"));
  });

  it("rejects a form wherever the client disconnects, without an uncaught error", async () => {
    for (let at = 0; at < whole.length; at++)
      expect((await read(whole, { failAt: at, chunk: 1 })).file, `reset at ${at}`).toEqual(
        rejectedWith("VALIDATION_FAILED"),
      );
  });

  it.each<[string, Uint8Array[]]>([
    ["with its file in another field", [part("x", 'name="image"; filename="a.png"')]],
    ["with text in its field", [part("x", 'name="file"')]],
    ["with two files", [part("one"), part("two")]],
    ["with no parts", []],
    ["with a part without a name", [part("x", 'filename="a.png"')]],
    ["with its file after hundreds of fields", [...Array(300).fill(part("1", 'name="a"')), part("x")]],
    ["with too many headers in its part", [part("x", 'filename="a"', "X-A: b\r\n".repeat(3_000))]],
  ])("rejects a form %s", async (_, parts) => {
    expect((await ofForm(...parts)).file).toEqual(rejectedWith("VALIDATION_FAILED"));
  });

  it.each<[string, Uint8Array[], string]>([
    ["text", [part("photo.jpg", 'name="file"')], "received text: with curl write file=@photo.jpg, with an @."],
    ["nothing", [part("x", 'name="a"')], "received none: add one."],
    ["a file elsewhere", [part("x", 'name="image"; filename="a"')], 'received one in "image": rename the field.'],
    [
      "a late file",
      [...Array(30).fill(part("1", 'name="a"')), part("x")],
      "received none in its first 20 parts: put it first.",
    ],
  ])("describes a form that has %s instead of its file", async (_, parts, message) => {
    const { file } = await ofForm(...parts);
    expect(file).toMatchObject({ error: { message: `The form must have a file in its field "file", ${message}` } });
  });

  it.each(["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"])(
    "rejects a form without its boundary: %s",
    async (type) => {
      expect((await read(whole, { headers: { "content-type": type } })).file).toEqual(
        rejectedWith("VALIDATION_FAILED"),
      );
    },
  );

  it("reads a form or rejects it with VALIDATION_FAILED, whatever its bytes", async () => {
    const noise = fc.array(
      fc.oneof(
        fc.string(),
        fc.constantFrom(`--${BOUNDARY}`, "--", "\r\n", "Content-Disposition: form-data", '; name="file"'),
      ),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(noise, async (pieces) => {
        const { file } = await read(pieces.join(""), { chunk: 5 });
        if ("error" in file) expect(file).toEqual(rejectedWith("VALIDATION_FAILED"));
      }),
    );
  });
});
