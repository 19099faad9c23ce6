// Uploaded files in raw bodies: exact bytes, types and limits.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX, read, rejectedWith } from "./multipart.fixture.ts";

describe("raw bodies", () => {
  const headers = { "content-type": "image/png" };

  it("rejects the type of curl -d with the flags that work", async () => {
    const { file } = await read("x", { headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect(file).toMatchObject({
      error: { code: "UNSUPPORTED_MEDIA_TYPE", message: expect.stringContaining("--data-binary @photo.jpg") },
    });
  });

  it("reads a raw body byte for byte, whatever its Content-Length", async () => {
    const lengths = fc.constantFrom(0, 1, 3, MAX);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), lengths, async (bytes, contentLength) => {
        expect((await read(bytes, { headers, contentLength })).file).toEqual({ bytes: Buffer.from(bytes) });
      }),
    );
  });

  it("reads a raw body no further than the limit", async () => {
    expect((await read(Buffer.alloc(MAX), { headers })).file).toMatchObject({ bytes: { length: MAX } });
    const { file, bytesRead } = await read(Buffer.alloc(1_000_000), { headers });
    expect(file).toEqual(rejectedWith("PAYLOAD_TOO_LARGE"));
    expect(bytesRead).toBeLessThanOrEqual(MAX + 11);
  });

  it("rejects a raw body if the client disconnects", async () => {
    expect((await read("hello world, hello", { headers, failAt: 11 })).file).toEqual(rejectedWith("VALIDATION_FAILED"));
  });

  const types = ["text/plain", "application/json", "images/png", "multipart/mixed; boundary=x", ""];
  it.each([...types.map((type) => ({ "content-type": type })), { ...headers, "content-encoding": "gzip" }])(
    "rejects a body with the headers %o as UNSUPPORTED_MEDIA_TYPE and reads nothing of it",
    async (other) => {
      const { file, bytesRead } = await read("x", { headers: other });
      expect(file).toEqual(rejectedWith("UNSUPPORTED_MEDIA_TYPE"));
      expect(bytesRead).toBe(0);
    },
  );
});
