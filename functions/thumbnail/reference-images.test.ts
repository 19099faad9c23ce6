// Variants of images of every kind, compared with their pixels as Pillow reads them (reference-images.fixture.py).
import sharp from "sharp";
import { expect, it } from "vitest";
import references from "./reference-images.fixture.json" with { type: "json" };
import { renderAll } from "./render.fixture.ts";

/** Of 255: half the pixels, and the loss of AVIF and JPEG; lossy WebP halves the resolution of colours once more. */
const toleranceOf = (format: string) => (format === "webp" ? 16 : 10);
const render = async (bytes: Buffer, contentType: string) =>
  (await renderAll(bytes, { widths: [48], contentType })).variants;

/** Means of each cell of a grid: red, green and blue multiplied by alpha, and alpha. */
async function meansOf(bytes: Buffer, columns: number, rows: number): Promise<number[][]> {
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const cells = Array.from({ length: columns * rows }, () => ({ count: 0, sums: [0, 0, 0, 0] }));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const cell = cells[Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)];
      const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray((y * width + x) * 4);
      const pixel = [(red * alpha) / 255, (green * alpha) / 255, (blue * alpha) / 255, alpha];
      if (cell) cell.sums = cell.sums.map((sum, channel) => sum + (pixel[channel] ?? 0));
      if (cell) cell.count++;
    }
  return cells.map(({ count, sums }) => sums.map((sum) => sum / count));
}

const typeOf = (bytes: Buffer) => (bytes[0] === 0x89 ? "image/png" : bytes[0] === 0x47 ? "image/gif" : "image/jpeg");

it.each(references)("$name: every variant has the pixels that Pillow reads", async (reference) => {
  const bytes = Buffer.from(reference.file, "base64");
  const scale = Math.min(1, 48 / Math.max(reference.width, reference.height));
  const size = [reference.width, reference.height].map((side) => Math.max(1, Math.round(side * scale)));
  const variants = await render(bytes, typeOf(bytes));
  expect(variants).toHaveLength(3);
  for (const { name, format, bytes: encoded, width, height } of variants) {
    expect([width, height]).toEqual(size);
    const means = await meansOf(encoded, reference.columns, reference.rows);
    const worst = Math.max(
      ...means.flatMap((cell, at) =>
        cell.map((value, channel) => Math.abs(value - (reference.cells[at]?.[channel] ?? 0))),
      ),
    );
    expect(worst, `${name} differs by ${worst}`).toBeLessThanOrEqual(toleranceOf(format));
  }
});

it("CMYK: every variant has the colours of LittleCMS, as Pillow converts the file with its profile", async () => {
  const inks = ["#ff0000", "#00aa44", "#2244cc", "#998877", "#ffffff", "#101010"];
  const expected = [
    [223, 31, 28],
    [38, 147, 55],
    [30, 72, 127],
    [140, 130, 107],
    [255, 255, 255],
    [40, 38, 27],
  ];
  const patch = (background: string, index: number) => ({
    input: { create: { width: 10, height: 10, channels: 3 as const, background } },
    left: index * 10,
    top: 0,
  });
  const page = sharp({ create: { width: 60, height: 10, channels: 3, background: "white" } });
  const cmyk = page.composite(inks.map(patch)).removeAlpha().toColourspace("cmyk").withIccProfile("cmyk");
  const bytes = await cmyk.jpeg({ quality: 100 }).toBuffer();
  for (const { name, format, bytes: encoded } of await render(bytes, "image/jpeg")) {
    const { data, info } = await sharp(encoded).raw().toBuffer({ resolveWithObject: true });
    const middles = expected.map((_, index) => {
      const at = (4 * info.width + Math.round((index + 0.5) * (info.width / 6))) * info.channels;
      return [...data.subarray(at, at + 3)];
    });
    const worst = Math.max(
      ...middles.flatMap((cell, at) => cell.map((v, channel) => Math.abs(v - (expected[at]?.[channel] ?? 0)))),
    );
    expect(worst, `${name} differs by ${worst}: ${JSON.stringify(middles)}`).toBeLessThanOrEqual(toleranceOf(format));
  }
});
