// What the intake refuses, with which code, and that nothing of it is stored.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  avifBomb,
  gifBomb,
  gifWithComment,
  jpegBomb,
  pngBomb,
  pngWithText,
  webpBomb,
  zip,
} from "./hostile-images.fixture.ts";
import { type ImageFormat, imageFormats } from "./image-format.ts";
import { newOwner, openIntake, storedBy } from "./intake.fixture.ts";
import { animation, cameraImage, testImage } from "./test-images.fixture.ts";

const { intake } = openIntake();
const owner = newOwner();
const take = (bytes: Uint8Array, from = intake) => from.accept({ owner, filename: "x.png", bytes });
const nothing = { records: [], blobs: [] };

describe("a picture is refused and leaves nothing behind", () => {
  it.each<[string, string, Uint8Array | Promise<Uint8Array>]>([
    ["VALIDATION_FAILED", "without bytes", Buffer.alloc(0)],
    ["UNSUPPORTED_MEDIA_TYPE", "as SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["UNSUPPORTED_MEDIA_TYPE", "as a PDF", Buffer.from("%PDF-1.7")],
    ["UNSUPPORTED_MEDIA_TYPE", "as a page", Buffer.from("<!doctype html>")],
    ["UNSUPPORTED_MEDIA_TYPE", "as text", Buffer.from("hello")],
    ["UNPROCESSABLE_IMAGE", "with an archive", testImage("jpeg").then((bytes) => Buffer.concat([bytes, zip()]))],
    ["UNPROCESSABLE_IMAGE", "with a script", gifWithComment("<script>alert(1)</script>")],
    ["UNPROCESSABLE_IMAGE", "with a program", pngWithText("<?php system('x');")],
    ["UNPROCESSABLE_IMAGE", "with nothing but a signature", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")],
    ["UNPROCESSABLE_IMAGE", "with a signature and noise", Buffer.from("\xff\xd8\xff\xe0 no picture at all", "latin1")],
    ["UNPROCESSABLE_IMAGE", "with no pixels", pngBomb(0, 0)],
  ])("%s %s", async (code, _, bytes) => {
    await expect(take(await bytes)).rejects.toMatchObject({ code });
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it.each<[string, Buffer | Promise<Buffer>, string]>([
    ["PNG", pngBomb(60_000, 60_000), "60000 x 60000"],
    ["PNG, long and thin", pngBomb(50_000_001, 1), "50000001 x 1"],
    ["GIF", gifBomb(60_000, 60_000), "60000 x 60000"],
    ["WebP", webpBomb(16_383, 16_383), "16383 x 16383"],
    ["JPEG", jpegBomb(65_500, 65_500), "65500 x 65500"],
  ])("UNPROCESSABLE_IMAGE by the size in its header, which it is told: %s", async (_, bytes, size) => {
    const failure = expect.objectContaining({ code: "UNPROCESSABLE_IMAGE", message: expect.stringContaining(size) });
    await expect(take(await bytes)).rejects.toEqual(failure);
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it("UNPROCESSABLE_IMAGE for an AVIF that says it is larger than it is", async () => {
    await expect(take(await avifBomb(60_000, 60_000))).rejects.toMatchObject({ code: "UNPROCESSABLE_IMAGE" });
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it.each(imageFormats)("UNPROCESSABLE_IMAGE with one pixel more than the limit: %s", async (format) => {
    const bytes = await testImage(format);
    const failure = { code: "UNPROCESSABLE_IMAGE", message: expect.stringMatching(/4799.*80 x 60/) };
    await expect(take(bytes, openIntake({ maxPixels: 4_799 }).intake)).rejects.toMatchObject(failure);
    expect(await storedBy(owner)).toEqual(nothing);
    const other = newOwner();
    await openIntake({ maxPixels: 4_800 }).intake.accept({ owner: other, filename: "x", bytes });
    expect((await storedBy(other)).records).toHaveLength(1);
  });
});

describe("a picture that is not whole", () => {
  /** Bytes at a picture's end that hold nothing of it: the last chunk of a PNG is empty. */
  const spare: Record<ImageFormat, number> = { jpeg: 0, png: 12, webp: 0, avif: 0, gif: 0 };
  const kinds: [string, ImageFormat, () => Promise<Buffer>][] = [
    ...imageFormats.map(
      (format) => [format, format, () => testImage(format)] as [string, ImageFormat, () => Promise<Buffer>],
    ),
    ["camera", "jpeg", () => cameraImage()],
    ["animated gif", "gif", () => animation("gif")],
    ["animated webp", "webp", () => animation("webp")],
  ];

  it.each(kinds)("is refused wherever it was cut off: %s", async (_, format, make) => {
    const whole = await make();
    const length = fc.integer({ min: 1, max: whole.length - spare[format] - 1 });
    await fc.assert(
      fc.asyncProperty(length, async (at) => {
        const code = expect.stringMatching(/^UN(SUPPORTED_MEDIA_TYPE|PROCESSABLE_IMAGE)$/);
        await expect(take(whole.subarray(0, at))).rejects.toMatchObject({ code });
      }),
      { numRuns: 60, examples: [[whole.length - spare[format] - 1], [1]] },
    );
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it("is accepted when a PNG lacks no more than its empty last chunk", async () => {
    const whole = await testImage("png");
    await intake.accept({ owner: newOwner(), filename: "x", bytes: whole.subarray(0, -12) });
  });

  it("is refused when a PNG's data do not match their checksum", async () => {
    const bytes = Buffer.from(await testImage("png"));
    const data = bytes.indexOf("IDAT") + 4;
    const length = bytes.readUInt32BE(data - 8);
    bytes.writeUInt8((bytes[data + length] as number) ^ 0xff, data + length);
    await expect(take(bytes)).rejects.toMatchObject({ code: "UNPROCESSABLE_IMAGE" });
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it("is accepted or refused, but never fails otherwise, whatever of it is corrupt", async () => {
    const wholes = await Promise.all(kinds.map(([, , make]) => make()));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...wholes),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        async (whole, at, noise) => {
          const bytes = Buffer.from(whole);
          bytes.set(noise.subarray(0, whole.length - (at % whole.length)), at % whole.length);
          const outcome = await intake
            .accept({ owner: newOwner(), filename: "x", bytes })
            .catch((error: unknown) => error);
          if (outcome instanceof Error)
            expect(outcome).toMatchObject({ code: expect.stringMatching(/^UN(SUPP|PROC)/) });
        },
      ),
      { numRuns: 150 },
    );
  });
});
