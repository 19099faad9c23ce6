// What is stored of an optimised upload: pixels, size and metadata, read back with libraries that did not write them.
import ExifReader from "exifreader";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { gifWithComment, pngChunk, zip } from "./hostile-images.fixture.ts";
import { newOwner, openIntake } from "./intake.fixture.ts";
import type { UploadOptions } from "./intake.ts";
import { flat, largeAnimation, linearPng, p3, withGifComment } from "./optimise.fixture.ts";
import { animation, cornersOf, orientedImage, quarters, testImage, UPRIGHT } from "./test-images.fixture.ts";

const { intake, originals } = openIntake();

async function store(bytes: Uint8Array, options?: UploadOptions, filename = "a.jpg") {
  const upload = { owner: newOwner(), filename, bytes, ...(options && { options }) };
  const { record } = await intake.accept(upload);
  const stored = await originals.read(`${record.owner}/${record.id}/${record.filename}`);
  return { record, bytes: stored?.bytes ?? Buffer.alloc(0) };
}

const SERIAL = "SN-4711-0815";
const POSITION = {
  GPSLatitudeRef: "N",
  GPSLatitude: "52/1 31/1 0/1",
  GPSLongitudeRef: "E",
  GPSLongitude: "13/1 24/1 0/1",
};
/** Small and of low quality, so that its optimised form is larger. */
const located = (image: Sharp) =>
  image.withExif({ IFD0: { Make: "Vitae" }, IFD2: { BodySerialNumber: SERIAL }, IFD3: POSITION }).jpeg({ quality: 20 });
const tagsOf = (bytes: Buffer) => Object.keys(ExifReader.load(bytes)).filter((tag) => /gps|serial|make/i.test(tag));
const brown = { r: 150, g: 120, b: 110 };
const pixelsOf = async (bytes: Uint8Array) => [...(await sharp(bytes).raw().toBuffer()).subarray(0, 3)];

describe("an optimised image", () => {
  it("of a small JPEG with a position is larger than the upload, and has no position and no serial number", async () => {
    const upload = await located(sharp(await testImage("png"))).toBuffer();
    expect(tagsOf(upload)).toEqual(expect.arrayContaining(["GPSLatitude", "BodySerialNumber", "Make"]));
    const { record, bytes } = await store(upload);
    expect(bytes.length).toBeGreaterThan(upload.length);
    expect(record).toMatchObject({ metadata: "removed", size: bytes.length, contentType: "image/jpeg" });
    expect(tagsOf(bytes)).toEqual([]);
    expect(bytes.includes(SERIAL)).toBe(false);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "of orientation %i is upright, and no viewer turns it again",
    async (orientation) => {
      const { record, bytes } = await store(await orientedImage({ width: 120, height: 80 }, orientation));
      expect(record).toMatchObject({ width: 120, height: 80 });
      expect(await cornersOf(bytes)).toEqual(UPRIGHT);
      const { orientation: stored = 1, exif } = await sharp(bytes).metadata();
      expect([stored, exif]).toEqual([1, undefined]);
    },
  );

  it.each<[string, () => Sharp, number[]]>([
    // In Display P3 this red has about 48 of green: untouched numbers would show.
    ["a JPEG in Display P3", () => p3([204, 26, 26]).jpeg({ quality: 100 }), [204, 26, 26]],
    ["a PNG in Display P3", () => p3([204, 26, 26]).png(), [204, 26, 26]],
    ["a PNG of 16 bits in Display P3", () => p3([204, 26, 26]).toColourspace("rgb16").png(), [204, 26, 26]],
    ["a CMYK JPEG", () => flat(brown).toColourspace("cmyk").jpeg({ quality: 100 }), [150, 120, 110]],
    ["a grey JPEG", () => flat({ r: 90, g: 90, b: 90 }).greyscale().jpeg(), [90, 90, 90]],
  ])("of %s has its colours in sRGB and no profile", async (_, make, [r = 0, g = 0, b = 0]) => {
    const { bytes } = await store(await make().toBuffer());
    const { icc, space } = await sharp(bytes).metadata();
    expect([icc, ["srgb", "b-w", "rgb16"].includes(space)]).toEqual([undefined, true]);
    const [first = 0, second = first, third = first] = await pixelsOf(
      await sharp(bytes).toColourspace("srgb").png().toBuffer(),
    );
    for (const [actual, expected] of [
      [first, r],
      [second, g],
      [third, b],
    ] as const)
      expect(Math.abs(actual - expected)).toBeLessThan(12);
  });

  it.each([
    ["GIMP built-in Linear sRGB", "mluc"],
    ["sRGB-elle-V2-g10.icc", "desc"],
  ] as const)("of a PNG in linear light has its colours in sRGB, whose profile is %s", async (name, encoding) => {
    const { bytes } = await store(await linearPng(55, name, encoding));
    const [grey = 0] = await pixelsOf(bytes);
    expect(Math.abs(grey - 128)).toBeLessThan(3);
    // Of the name of sRGB, the numbers are taken as they are.
    const known = await store(await linearPng(55, encoding === "mluc" ? "sRGB" : "sRGB IEC61966-2.1", encoding));
    expect((await pixelsOf(known.bytes))[0]).toBe(55);
  });

  it("keeps 16 bits, transparency and every pixel of a PNG, without its texts", async () => {
    const pixels = Buffer.from(Uint16Array.from({ length: 40 * 30 * 4 }, (_, at) => (at * 7919) % 65_536).buffer);
    const raw = { width: 40, height: 30, channels: 4, depth: "ushort" } as const;
    const plain = await sharp(new Uint16Array(pixels.buffer), { raw }).toColourspace("rgb16").png().toBuffer();
    const upload = Buffer.concat([
      plain.subarray(0, 33),
      pngChunk("tEXt", Buffer.from("Author\0Ada")),
      plain.subarray(33),
    ]);
    const { bytes } = await store(upload);
    expect(bytes.includes("Ada")).toBe(false);
    const read = (png: Buffer) => sharp(png).raw({ depth: "ushort" }).toBuffer();
    expect((await read(bytes)).equals(await read(upload))).toBe(true);
  });

  it("is at most 2,048 pixels on its longest side", async () => {
    const { record, bytes } = await store(
      await quarters({ width: 2_100, height: 1_050 }).png().toBuffer(),
      undefined,
      "a.png",
    );
    expect(record).toMatchObject({ width: 2_048, height: 1_024 });
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 2_048, height: 1_024, format: "png" });
  });

  it("is WebP on request, with the name and type of what is stored, and smaller for a lower quality", async () => {
    const upload = await testImage("jpeg", { width: 300, height: 200 });
    const high = await store(upload, { quality: "high", format: "webp" }, "me.jpeg");
    expect(high.record).toMatchObject({ filename: "me.webp", contentType: "image/webp" });
    const low = await store(upload, { quality: "low", format: "webp" });
    expect(low.bytes.length).toBeLessThan(high.bytes.length);
  });

  it("of an image that needs nothing is the upload where encoding would make it larger", async () => {
    const plain = await sharp(await testImage("png"))
      .jpeg({ quality: 20 })
      .toBuffer();
    expect((await store(plain)).bytes.equals(plain)).toBe(true);
    const large = await sharp(await testImage("png"))
      .png({ compressionLevel: 0 })
      .toBuffer();
    expect((await store(large)).bytes.length).toBeLessThan(large.length);
  });

  it.each<[string, () => Promise<Buffer>]>([
    [
      "a JPEG",
      async () =>
        Buffer.concat([
          await sharp(await testImage("png"))
            .jpeg({ quality: 20 })
            .toBuffer(),
          zip(),
        ]),
    ],
    ["a PNG", async () => Buffer.concat([await testImage("png"), zip()])],
    ["a WebP", async () => Buffer.concat([await testImage("webp"), zip()])],
    ["a GIF", async () => Buffer.concat([await gifWithComment("a.html"), zip()])],
  ])("has nothing of the archive behind %s", async (_, make) => {
    const { bytes } = await store(await make());
    expect(bytes.includes("a.html")).toBe(false);
  });
});

describe("an optimised animation", () => {
  it.each(["gif", "webp"] as const)(
    "keeps the frames, timing and loops of a %s, without its metadata",
    async (format) => {
      const plain = await animation(format);
      const upload =
        format === "gif"
          ? withGifComment(plain)
          : await sharp(plain, { animated: true })
              .withExif({ IFD0: { Make: "Vitae" } })
              .webp({ lossless: true })
              .toBuffer();
      expect(upload.includes("Vitae")).toBe(true);
      const { record, bytes } = await store(upload);
      expect(record).toMatchObject({ metadata: "removed", width: 40, height: 30 });
      expect(bytes.includes("Vitae")).toBe(false);
      const shown = async (image: Buffer) => {
        const { pages, delay, loop } = await sharp(image, { animated: true }).metadata();
        return { pages, delay, loop, pixels: await sharp(image, { animated: true }).raw().toBuffer() };
      };
      expect(await shown(bytes)).toEqual(await shown(upload));
    },
  );

  it.each<[string, () => Promise<Buffer>, UploadOptions | undefined]>([
    ["an animated AVIF", () => animation("avif"), undefined],
    ["an animation that should become WebP", () => animation("gif"), { quality: "high", format: "webp" }],
    ["an animation of too many pixels", () => largeAnimation(), undefined],
  ])("of %s is rejected with UNPROCESSABLE_IMAGE and the hint", async (_, make, options) => {
    const failure = { code: "UNPROCESSABLE_IMAGE", message: expect.stringContaining("?optimize=false") };
    const bytes = await make();
    await expect(store(bytes, options)).rejects.toMatchObject(failure);
    expect((await store(bytes, "unchanged")).record.metadata).toBe("kept");
  });
});
