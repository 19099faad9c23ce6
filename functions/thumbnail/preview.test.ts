// Previews of known images: ThumbHash as its own decoder reads it, dominant colour, and the bound on the placeholder.
import sharp from "sharp";
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from "thumbhash";
import { expect, it } from "vitest";
import { testImage } from "../images/test-images.fixture.ts";
import { MAX_PLACEHOLDER, placeholderUrl } from "../lib/image-variants.ts";
import { renderAll } from "./render.fixture.ts";

const preview = async (bytes: Buffer) => (await renderAll(bytes)).preview;
const plain = (width: number, height: number, alpha = 1) =>
  sharp({ create: { width, height, channels: 4, background: { r: 51, g: 102, b: 153, alpha } } })
    .png()
    .toBuffer();

it("a preview has the colour and the shape of the image", async () => {
  const { thumbHash, dominantColor } = await preview(await plain(300, 100));
  const hash = Buffer.from(thumbHash, "base64");
  const { r, g, b, a } = thumbHashToAverageRGBA(hash);
  expect([r, g, b, a].map((value) => Math.round(value * 10) / 10)).toEqual([0.2, 0.4, 0.6, 1]);
  expect(thumbHashToApproximateAspectRatio(hash)).toBeCloseTo(7 / 2, 0);
  const channels = [1, 3, 5].map((at) => Number.parseInt(dominantColor.slice(at, at + 2), 16));
  for (const [index, value] of [51, 102, 153].entries())
    expect(Math.abs((channels[index] ?? 0) - value)).toBeLessThan(9);
});

it.each([
  [1, 1],
  [2_000, 1],
  [1, 2_000],
])("an image of %i x %i has a preview", async (width, height) => {
  const { thumbHash, placeholder } = await preview(await plain(width, height));
  expect(Buffer.from(thumbHash, "base64").length).toBeGreaterThan(4);
  expect(placeholder).toBeDefined();
});

it("a placeholder is a WebP of at most 16 pixels and 500 bytes as a data URL, also of noise", async () => {
  const { placeholder = "" } = await preview(await testImage("png", { width: 300, height: 300 }));
  expect(placeholderUrl(placeholder).length).toBeLessThanOrEqual(MAX_PLACEHOLDER);
  const { format, width } = await sharp(Buffer.from(placeholder, "base64")).metadata();
  expect(format).toBe("webp");
  expect(width).toBeLessThanOrEqual(16);
});

it("an image with transparent parts has no placeholder, which would show through them", async () => {
  expect(await preview(await plain(30, 30, 0.5))).not.toHaveProperty("placeholder");
});
