// Variants by their pixels: size, orientation, colour, transparency and removed metadata.
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import {
  animation,
  cameraImage,
  cornersOf,
  flatGraphic,
  orientedImage,
  photo,
  smallFrameGif,
  UPRIGHT,
} from "../images/test-images.fixture.ts";
import { createDecoder } from "../lib/decode/decoder.ts";
import { renderAll } from "./render.fixture.ts";
import type { RenderedVariant } from "./render.ts";

const plain = (width: number, height: number, background = "#336699") =>
  sharp({ create: { width, height, channels: 3, background } });

const webpOf = async (bytes: Buffer) =>
  (await renderAll(bytes)).variants.find(({ format }) => format === "webp") as RenderedVariant;
const render = async (image: Sharp) => webpOf(await image.toBuffer());

/** The colour in the middle of an image, by default as a viewer shows it. */
async function colourOf(bytes: Buffer, options: { ignoreIcc?: boolean } = {}): Promise<number[]> {
  const { data, info } = await sharp(bytes, options).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const middle = (Math.floor(height / 2) * width + Math.floor(width / 2)) * channels;
  return [...data.subarray(middle, middle + channels)];
}
const near = (colour: number[], tolerance = 6) => ({
  asymmetricMatch: (other: number[]) =>
    other.length === colour.length &&
    colour.every((value, index) => Math.abs(value - (other[index] ?? 0)) <= tolerance),
});

describe("thumbnail size", () => {
  it.each([
    [1_200, 800, 256, 171],
    [800, 1_200, 171, 256],
    [4_000, 4_000, 256, 256],
    [257, 100, 256, 100],
    [256, 256, 256, 256],
    [255, 100, 255, 100],
    [1, 1, 1, 1],
    [2, 3, 2, 3],
    [20_000, 1, 256, 1],
    [1, 20_000, 1, 256],
    [20_000, 100, 256, 1],
  ])("an image of %i x %i gets a WebP thumbnail of %i x %i", async (width, height, thumbWidth, thumbHeight) => {
    const thumbnail = await render(plain(width, height).png());
    expect(thumbnail).toMatchObject({ width: thumbWidth, height: thumbHeight, size: thumbnail.bytes.length });
    expect(await sharp(thumbnail.bytes).metadata()).toMatchObject({
      format: "webp",
      width: thumbWidth,
      height: thumbHeight,
    });
  });
});

describe("thumbnail orientation", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "an image with EXIF orientation %i gets an upright thumbnail",
    async (orientation) => {
      const image = await orientedImage({ width: 120, height: 80 }, orientation);
      const { bytes, width, height } = await webpOf(image);
      expect({ width, height }).toEqual({ width: 120, height: 80 });
      expect(await cornersOf(bytes)).toEqual(UPRIGHT);
    },
  );
});

describe("thumbnail content", () => {
  it("a thumbnail has no metadata and needs no colour profile", async () => {
    const image = await cameraImage(6);
    const before = await sharp(image).metadata();
    expect([before.exif, before.xmp, before.icc].every((block) => block !== undefined)).toBe(true);
    const { bytes } = await webpOf(image);
    const after = await sharp(bytes).metadata();
    expect(after).toMatchObject({ space: "srgb", width: 60, height: 80 });
    for (const block of ["exif", "xmp", "icc", "iptc", "orientation"] as const) expect(after[block]).toBeUndefined();
    expect(bytes.toString("latin1")).not.toMatch(/Vitae|EXIF|XMP |ICCP/);
  });

  it("a thumbnail of a P3 image has its colours in sRGB", async () => {
    // The red of sRGB has smaller numbers in the wider space. Without conversion it would look dull.
    const wide = plain(40, 40, "#ff0000").withIccProfile("p3").png();
    expect(await colourOf(await wide.toBuffer(), { ignoreIcc: true })).toEqual(near([234, 51, 35]));
    expect(await colourOf((await render(wide)).bytes)).toEqual(near([255, 0, 0]));
  });

  it("a thumbnail of a CMYK image has its colours in sRGB", async () => {
    const cmyk = plain(40, 40, "#998877").toColourspace("cmyk").withIccProfile("cmyk").jpeg({ quality: 100 });
    expect(await sharp(await cmyk.toBuffer()).metadata()).toMatchObject({ space: "cmyk", channels: 4 });
    expect(await colourOf((await render(cmyk)).bytes)).toEqual(near([0x99, 0x88, 0x77], 16));
  });

  it("a thumbnail of a P3 image of 16 bits has its colours in sRGB", async () => {
    const wide = plain(40, 40, "#ff0000").toColourspace("rgb16").withIccProfile("p3").png();
    expect(await sharp(await wide.toBuffer()).metadata()).toMatchObject({ depth: "ushort", hasProfile: true });
    expect(await colourOf((await render(wide)).bytes)).toEqual(near([255, 0, 0]));
  });

  it("a thumbnail of a 16-bit image has 8 bits", async () => {
    const deep = plain(40, 40).toColourspace("rgb16").png();
    expect(await sharp(await deep.toBuffer()).metadata()).toMatchObject({ depth: "ushort" });
    expect(await colourOf((await render(deep)).bytes)).toEqual(near([0x33, 0x66, 0x99]));
  });

  it("a thumbnail of a greyscale image is grey", async () => {
    expect(await colourOf((await render(plain(40, 40, "#808080").greyscale().png())).bytes)).toEqual(
      near([128, 128, 128]),
    );
  });

  it.each(["png", "webp", "avif"] as const)("a thumbnail of a transparent %s is transparent", async (format) => {
    const background = { r: 200, g: 0, b: 0, alpha: 0.5 };
    const glass = sharp({ create: { width: 600, height: 40, channels: 4, background } }).toFormat(format);
    expect(await colourOf((await render(glass)).bytes)).toEqual(near([200, 0, 0, 128], 10));
  });

  it.each(["gif", "webp", "avif"] as const)("a thumbnail of an animated %s is its first frame", async (format) => {
    const { bytes, width, height } = await webpOf(await animation(format));
    expect({ width, height }).toEqual({ width: 40, height: 30 });
    expect((await sharp(bytes).metadata()).pages ?? 1).toBe(1);
    expect(await colourOf(bytes)).toEqual(near([0, 0, 0]));
  });

  it("a thumbnail of a GIF is transparent where the first frame leaves the canvas free", async () => {
    const { bytes } = await webpOf(await smallFrameGif());
    const pixels = await sharp(bytes).raw().toBuffer();
    expect([...pixels.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(await colourOf(bytes)).toEqual(near([255, 0, 0, 255]));
  });

  it("a thumbnail of a small flat graphic has exactly its colours", async () => {
    const image = flatGraphic({ width: 120, height: 60 });
    const { bytes } = await render(image.png());
    expect(await sharp(bytes).raw().toBuffer()).toEqual(await image.raw().toBuffer());
  });

  it("a variant of a flat graphic larger than the sample of its colours has exactly its colours", async () => {
    const image = flatGraphic({ width: 500, height: 300 });
    const { variants } = await renderAll(await image.png().toBuffer(), { widths: [640], contentType: "image/webp" });
    const webp = variants.find(({ format }) => format === "webp");
    expect(await sharp(webp?.bytes).raw().toBuffer()).toEqual(await image.raw().toBuffer());
  });

  it("a thumbnail of a photo is compressed with loss", async () => {
    const { size, width, height } = await render((await photo({ width: 1_200, height: 800 })).png());
    expect(size).toBeLessThan((width * height) / 2);
  });

  it.each<[string, () => Promise<Buffer>]>([
    ["text", async () => Buffer.from("hello")],
    ["a TIFF", () => plain(4, 4).tiff().toBuffer()],
    ["a truncated PNG", async () => (await plain(400, 400).png().toBuffer()).subarray(0, 500)],
    ["an SVG", async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
  ])("rejects %s", async (_, make) => {
    await expect(make().then((bytes) => renderAll(bytes))).rejects.toThrow();
  });

  it("rejects an image over the pixel limit", async () => {
    const bytes = await plain(20, 20).png().toBuffer();
    await renderAll(bytes, { decoder: createDecoder({ maxPixels: 400 }) });
    await expect(renderAll(bytes, { decoder: createDecoder({ maxPixels: 399 }) })).rejects.toThrow();
  });
});
