// Thumbnails by their pixels: size, orientation, colour, transparency, and that metadata stay behind.
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { animation, cameraImage } from "../images/test-images.fixture.ts";
import { loadSharp } from "../lib/sharp.ts";
import { renderThumbnail } from "./render.ts";

const open = await loadSharp(50_000_000);
const plain = (width: number, height: number, background = "#336699") =>
  sharp({ create: { width, height, channels: 3, background } });
const render = async (picture: Sharp) => renderThumbnail(await picture.toBuffer(), open);
/** Pixels as numbers: as a viewer shows them, or as they stand in the file. */
const pixels = async (bytes: Buffer, options: { ignoreIcc?: boolean } = {}) => {
  const { data, info } = await sharp(bytes, options).raw().toBuffer({ resolveWithObject: true });
  return { data: [...data], ...info };
};
/** How far two opaque pictures of one size are apart on average, in 255ths. */
async function distance(one: Buffer, other: Buffer) {
  const [a, b] = await Promise.all(
    [one, other].map(async (bytes) => pixels(await sharp(bytes).removeAlpha().png().toBuffer())),
  );
  if (!a || !b) throw new Error("Two pictures are compared");
  expect([a.width, a.height, a.channels]).toEqual([b.width, b.height, b.channels]);
  const apart = a.data.map((value, index) => Math.abs(value - (b.data[index] as number)));
  return apart.reduce((sum, value) => sum + value, 0) / apart.length;
}
/** The colour in the middle of a thumbnail. */
async function colourOf(bytes: Buffer, options?: { ignoreIcc: boolean }) {
  const { data, width, height, channels } = await pixels(bytes, options);
  const middle = (Math.floor(height / 2) * width + Math.floor(width / 2)) * channels;
  return data.slice(middle, middle + channels);
}
const near = (colour: number[], tolerance = 6) => ({
  asymmetricMatch: (other: number[]) =>
    other.length === colour.length &&
    colour.every((value, index) => Math.abs(value - (other[index] ?? 0)) <= tolerance),
});

describe("a thumbnail's size", () => {
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
  ])("of a picture of %i x %i is %i x %i", async (width, height, thumbWidth, thumbHeight) => {
    const made = await render(plain(width, height).png());
    expect(made).toMatchObject({ width: thumbWidth, height: thumbHeight, size: made.bytes.length });
    expect(await sharp(made.bytes).metadata()).toMatchObject({
      format: "webp",
      width: thumbWidth,
      height: thumbHeight,
    });
  });
});

describe("a thumbnail's orientation", () => {
  /** Four quarters of different colours in a picture that is not square, so that no turn looks like another. */
  const quarters = sharp({ create: { width: 120, height: 80, channels: 3, background: "red" } })
    .composite([
      { input: { create: { width: 60, height: 40, channels: 3, background: "lime" } }, left: 60, top: 0 },
      { input: { create: { width: 60, height: 40, channels: 3, background: "blue" } }, left: 0, top: 40 },
      { input: { create: { width: 60, height: 40, channels: 3, background: "white" } }, left: 60, top: 40 },
    ])
    .png()
    .toBuffer();

  /** Turn, then mirror, that a viewer undoes for an orientation (EXIF 2.3, tag 0x0112). */
  const held = [[], ["flop"], [180], ["flip"], [90, "flop"], [270], [270, "flop"], [90]] as const;

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("is upright however the camera was held: %i", async (orientation) => {
    const upright = await quarters;
    let stored = upright;
    // Each in a pipeline of its own: within one, sharp has an order of its own.
    for (const step of held[orientation - 1] ?? []) {
      const picture = sharp(stored);
      stored = await (typeof step === "number" ? picture.rotate(step) : picture[step]()).png().toBuffer();
    }
    const photo = await sharp(stored).withMetadata({ orientation }).jpeg({ quality: 100 }).toBuffer();
    const { bytes, width, height } = await renderThumbnail(photo, open);
    expect({ width, height }).toEqual({ width: 120, height: 80 });
    expect(await distance(bytes, upright)).toBeLessThan(6);
  });
});

describe("a thumbnail's content", () => {
  it("has nothing of the metadata, and needs no profile", async () => {
    const picture = await cameraImage(6);
    const before = await sharp(picture).metadata();
    expect([before.exif, before.xmp, before.icc].every((block) => block !== undefined)).toBe(true);
    const { bytes } = await renderThumbnail(picture, open);
    const after = await sharp(bytes).metadata();
    expect(after).toMatchObject({ space: "srgb", width: 60, height: 80 });
    for (const block of ["exif", "xmp", "icc", "iptc", "orientation"] as const) expect(after[block]).toBeUndefined();
    expect(bytes.toString("latin1")).not.toMatch(/Vitae|GPS|EXIF|XMP |ICCP/);
  });

  it("shows a P3 picture in the colours of sRGB", async () => {
    // A red of sRGB is a paler number in the wider space: shown without conversion, it would look dull.
    const wide = plain(40, 40, "#ff0000").withIccProfile("p3").png();
    expect(await colourOf(await wide.toBuffer(), { ignoreIcc: true })).toEqual(near([234, 51, 35]));
    expect(await colourOf((await render(wide)).bytes)).toEqual(near([255, 0, 0]));
  });

  it("shows a CMYK picture in the colours of sRGB", async () => {
    const cmyk = plain(40, 40, "#998877").toColourspace("cmyk").withIccProfile("cmyk").jpeg({ quality: 100 });
    expect(await sharp(await cmyk.toBuffer()).metadata()).toMatchObject({ space: "cmyk", channels: 4 });
    expect(await colourOf((await render(cmyk)).bytes)).toEqual(near([0x99, 0x88, 0x77], 16));
  });

  it("shows 16 bits as 8", async () => {
    const deep = plain(40, 40).toColourspace("rgb16").png();
    expect(await sharp(await deep.toBuffer()).metadata()).toMatchObject({ depth: "ushort" });
    expect(await colourOf((await render(deep)).bytes)).toEqual(near([0x33, 0x66, 0x99]));
  });

  it("shows grey as grey", async () => {
    expect(await colourOf((await render(plain(40, 40, "#808080").greyscale().png())).bytes)).toEqual(
      near([128, 128, 128]),
    );
  });

  it("keeps what is transparent", async () => {
    const glass = sharp({
      create: { width: 600, height: 40, channels: 4, background: { r: 200, g: 0, b: 0, alpha: 0.5 } },
    });
    for (const picture of [glass.clone().png(), glass.clone().webp(), glass.clone().avif()])
      expect(await colourOf((await render(picture)).bytes)).toEqual(near([200, 0, 0, 128], 10));
  });

  it.each(["gif", "webp"] as const)("is a still of an animation's first frame: %s", async (format) => {
    const { bytes, width, height } = await renderThumbnail(await animation(format), open);
    expect({ width, height }).toEqual({ width: 40, height: 30 });
    expect((await sharp(bytes).metadata()).pages ?? 1).toBe(1);
    expect(await colourOf(bytes)).toEqual(near([0, 0, 0]));
  });

  it.each([
    ["no picture", Buffer.from("hello")],
    ["a kind that is not accepted", plain(4, 4).tiff().toBuffer()],
    [
      "a picture cut in two",
      plain(400, 400)
        .png()
        .toBuffer()
        .then((bytes) => bytes.subarray(0, bytes.length / 2)),
    ],
    ["SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
  ])("cannot be made of %s", async (_, bytes) => {
    await expect(Promise.resolve(bytes).then((given) => renderThumbnail(given, open))).rejects.toThrow();
  });

  it("cannot be made of more pixels than are allowed", async () => {
    const bytes = await plain(20, 20).png().toBuffer();
    await renderThumbnail(bytes, await loadSharp(400));
    await expect(renderThumbnail(bytes, await loadSharp(399))).rejects.toThrow();
  });
});
