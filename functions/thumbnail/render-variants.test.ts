// Which variants an image gets, and what of the decode gate they take.
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { createDecoder } from "../lib/decode/decoder.ts";
import { createGate, type Gate } from "../lib/gate.ts";
import { encodeWeight } from "./encode.ts";
import { renderAll } from "./render.fixture.ts";
import type { RenderedVariant } from "./render.ts";

const plain = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#336699" } });

describe("variants", () => {
  const sizes = (variants: readonly RenderedVariant[]) =>
    variants.map(({ name, width, height }) => `${name} ${width}x${height}`);

  it("have each width below the longest side, and one of the original's size", async () => {
    const jpeg = await plain(100, 300).jpeg().toBuffer();
    const { variants } = await renderAll(jpeg, { widths: [400, 64, 256, 800], contentType: "image/jpeg" });
    expect(sizes(variants)).toEqual([
      ...["avif", "webp", "jpeg"].map((format) => `64.${format} 21x64`),
      ...["avif", "webp", "jpeg"].map((format) => `256.${format} 85x256`),
      ...["avif", "webp", "jpeg"].map((format) => `400.${format} 100x300`),
    ]);
    for (const { bytes, format, width, height, size } of variants) {
      expect(size).toBe(bytes.length);
      expect(await sharp(bytes).metadata()).toMatchObject({
        format: format === "avif" ? "heif" : format,
        width,
        height,
      });
    }
  });

  it.each([
    ["image/png", ["avif", "webp", "png"]],
    ["image/gif", ["avif", "webp", "png"]],
    ["image/webp", ["avif", "webp"]],
    ["image/avif", ["avif", "webp"]],
  ])("of %s have the formats %j", async (contentType, formats) => {
    const { variants } = await renderAll(await plain(1, 1).png().toBuffer(), { contentType });
    expect(sizes(variants)).toEqual(formats.map((format) => `256.${format} 1x1`));
  });

  it("leave the gate after one decode, and take a place of it for one encode at a time", async () => {
    const weights: number[] = [];
    // An encode within the decode would wait for its own place.
    const { run } = createGate({ name: "decodes", capacity: 900_000_000, maxRunning: 1 });
    const gate: Gate = {
      run(weight, ...args) {
        weights.push(weight);
        return run(weight, ...args);
      },
    };
    const bytes = await plain(80, 60).png().toBuffer();
    const decoder = createDecoder({ maxPixels: 1_000_000, gate });
    const { variants } = await renderAll(bytes, { decoder, widths: [16, 32, 256], contentType: "image/png" });
    expect(variants).toHaveLength(9);
    // The header and the decode; the preview, and each width once and in three formats.
    const [header, decode, ...rest] = weights;
    expect([header, decode].every((weight = 0) => weight >= 64_000_000)).toBe(true);
    expect(rest).toEqual(Array(1 + 3 + 9).fill(encodeWeight({ width: 80, height: 60 })));
  });
});
