// Images that the intake rejects: the error code, and that nothing is stored.
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { scanBomb, textBomb } from "./costly-images.fixture.ts";
import { avifBomb, gifBomb, jpegBomb, pngBomb, webpBomb } from "./hostile-images.fixture.ts";
import { type ImageFormat, imageFormats } from "./image-format.ts";
import { newOwner, openIntake, openMemoryIntake, storedBy } from "./intake.fixture.ts";
import { animation, cameraImage, photo, testImage } from "./test-images.fixture.ts";

const { intake } = openIntake();
let owner: string;
const accept = (bytes: Uint8Array, from = intake) => from.accept({ owner, filename: "x.png", bytes });
/** What curl -d @file sends. */
const withoutLineEnds = (bytes: Uint8Array) => Buffer.from(bytes).filter((byte) => ![0x0a, 0x0d, 0].includes(byte));
const nothing = { records: [], blobs: [] };

beforeEach(() => {
  owner = newOwner();
});

describe("rejected images", () => {
  it.each<[string, string, Uint8Array | Promise<Uint8Array>]>([
    ["VALIDATION_FAILED", "no bytes", Buffer.alloc(0)],
    ["UNSUPPORTED_MEDIA_TYPE", "an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["UNSUPPORTED_MEDIA_TYPE", "a PDF", Buffer.from("%PDF-1.7")],
    ["UNSUPPORTED_MEDIA_TYPE", "an HTML document", Buffer.from("<!doctype html>")],
    ["UNSUPPORTED_MEDIA_TYPE", "text", Buffer.from("hello")],
    ["UNPROCESSABLE_IMAGE", "a PNG signature alone", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")],
    [
      "UNPROCESSABLE_IMAGE",
      "a JPEG signature with noise",
      Buffer.from("\xff\xd8\xff\xe0 not an image at all", "latin1"),
    ],
    ["UNPROCESSABLE_IMAGE", "an image without pixels", pngBomb(0, 0)],
  ])("rejects with %s and stores nothing: %s", async (code, _, bytes) => {
    await expect(accept(await bytes)).rejects.toMatchObject({ code });
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it.each<[string, string, Uint8Array | Promise<Uint8Array>]>([
    ["UNSUPPORTED_MEDIA_TYPE", "received HEIC: export it as JPEG", Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1")],
    ["UNSUPPORTED_MEDIA_TYPE", "use --data-binary instead of -d", testImage("png").then(withoutLineEnds)],
    [
      "UNPROCESSABLE_IMAGE",
      "use --data-binary instead of -d",
      photo({ width: 800, height: 600 })
        .then((image) => image.jpeg().toBuffer())
        .then(withoutLineEnds),
    ],
  ])("rejects with %s and the advice: %s", async (code, advice, bytes) => {
    const failure = { code, message: expect.stringContaining(advice) };
    await expect(accept(await bytes)).rejects.toMatchObject(failure);
  });

  it.each<[string, Buffer | Promise<Buffer>, string]>([
    ["PNG", pngBomb(60_000, 60_000), "60000 x 60000"],
    ["PNG, long and thin", pngBomb(50_000_001, 1), "50000001 x 1"],
    ["GIF", gifBomb(60_000, 60_000), "60000 x 60000"],
    ["WebP", webpBomb(16_383, 16_383), "16383 x 16383"],
    ["JPEG", jpegBomb(65_500, 65_500), "65500 x 65500"],
    ["AVIF", avifBomb(5_000, 5_000), "5000 x 5000"],
  ])(
    "rejects a %s whose header declares too many pixels with UNPROCESSABLE_IMAGE and the size",
    async (_, bytes, size) => {
      const failure = expect.objectContaining({ code: "UNPROCESSABLE_IMAGE", message: expect.stringContaining(size) });
      await expect(accept(await bytes)).rejects.toEqual(failure);
      expect(await storedBy(owner)).toEqual(nothing);
    },
  );

  it.each<[string, () => Promise<Buffer>]>([
    ["a PNG with 79 MB of compressed text", () => textBomb("zTXt", 10, 7_900_000)],
    ["a JPEG with 2,000 scans", () => scanBomb({ width: 80, height: 60 }, 2_000)],
  ])("rejects with UNPROCESSABLE_IMAGE and stores nothing: %s", async (_, make) => {
    await expect(accept(await make())).rejects.toMatchObject({ code: "UNPROCESSABLE_IMAGE" });
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it("rejects an AVIF that declares a larger size than it has with UNPROCESSABLE_IMAGE", async () => {
    await expect(accept(await avifBomb(60_000, 60_000))).rejects.toMatchObject({ code: "UNPROCESSABLE_IMAGE" });
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it("rejects an animated AVIF without a still image with UNPROCESSABLE_IMAGE and that reason", async () => {
    const bytes = await animation("avif");
    bytes.write("free", bytes.indexOf("meta"), "latin1");
    const failure = { code: "UNPROCESSABLE_IMAGE", message: expect.stringContaining("animated AVIF") };
    await expect(accept(bytes)).rejects.toMatchObject(failure);
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it.each(imageFormats)("rejects a %s with one pixel over the limit with UNPROCESSABLE_IMAGE", async (format) => {
    const bytes = await testImage(format);
    const failure = { code: "UNPROCESSABLE_IMAGE", message: expect.stringMatching(/4799.*80 x 60/) };
    await expect(accept(bytes, openIntake({ maxPixels: 4_799 }).intake)).rejects.toMatchObject(failure);
    expect(await storedBy(owner)).toEqual(nothing);
    const other = newOwner();
    await openIntake({ maxPixels: 4_800 }).intake.accept({ owner: other, filename: "x", bytes });
    expect((await storedBy(other)).records).toHaveLength(1);
  });
});

describe("truncated and corrupt images", () => {
  /** Bytes at the end without image data: the end marker of a JPEG, the empty last chunk of a PNG. */
  const trailerBytes: Record<ImageFormat, number> = { jpeg: 2, png: 12, webp: 0, avif: 0, gif: 0 };
  const kinds: [string, ImageFormat, () => Promise<Buffer>][] = [
    ...imageFormats.map(
      (format) => [format, format, () => testImage(format)] as [string, ImageFormat, () => Promise<Buffer>],
    ),
    ["camera", "jpeg", () => cameraImage()],
    ["animated gif", "gif", () => animation("gif")],
    ["animated webp", "webp", () => animation("webp")],
    ["animated avif", "avif", () => animation("avif")],
  ];

  it.each(kinds)("rejects an image that is truncated anywhere: %s", async (_, format, make) => {
    const whole = await make();
    const { intake, stored } = openMemoryIntake();
    const length = fc.integer({ min: 1, max: whole.length - trailerBytes[format] - 1 });
    await fc.assert(
      fc.asyncProperty(length, async (at) => {
        const code = expect.stringMatching(/^UN(SUPPORTED_MEDIA_TYPE|PROCESSABLE_IMAGE)$/);
        await expect(accept(whole.subarray(0, at), intake)).rejects.toMatchObject({ code });
      }),
      { numRuns: 60, examples: [[whole.length - trailerBytes[format] - 1], [1]] },
    );
    expect(await stored()).toEqual(nothing);
  });

  it("accepts a PNG that lacks only its empty last chunk", async () => {
    const whole = await testImage("png");
    await intake.accept({ owner: newOwner(), filename: "x", bytes: whole.subarray(0, -12) });
  });

  it("rejects a PNG whose data do not match their checksum with UNPROCESSABLE_IMAGE", async () => {
    const bytes = Buffer.from(await testImage("png"));
    const data = bytes.indexOf("IDAT") + 4;
    const length = bytes.readUInt32BE(data - 8);
    bytes.writeUInt8((bytes[data + length] as number) ^ 0xff, data + length);
    await expect(accept(bytes)).rejects.toMatchObject({ code: "UNPROCESSABLE_IMAGE" });
    expect(await storedBy(owner)).toEqual(nothing);
  });

  it("accepts or rejects a corrupt image, and never throws another error", async () => {
    const wholes = await Promise.all(kinds.map(([, , make]) => make()));
    const { intake } = openMemoryIntake();
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
