// The estimated memory of a decode against peaks that were measured (decision 025).
import { describe, expect, it } from "vitest";
import { decodeWeight, type ImageHeader, pixelLimit } from "./decode-weight.ts";

const MIB = 2 ** 20;
const header: ImageHeader = {
  format: "jpeg",
  width: 7_071,
  height: 7_071,
  channels: 3,
  depth: "uchar",
  isProgressive: false,
  space: "srgb",
};
/** Growth of the process in MiB while a thumbnail was created, sharp 0.35.5. */
const measured: [string, number, Partial<ImageHeader>, { isBuffered?: boolean }][] = [
  ["JPEG, baseline", 5, {}, {}],
  ["JPEG, progressive 4:4:4", 291, { isProgressive: true }, { isBuffered: true }],
  ["JPEG, progressive CMYK", 391, { channels: 4, isProgressive: true }, { isBuffered: true }],
  ["PNG, 8 bits", 35, { format: "png" }, {}],
  ["PNG, 16 bits with alpha", 98, { format: "png", channels: 4, depth: "ushort" }, {}],
  [
    "PNG, 16 bits with alpha, 65,535 wide",
    406,
    { format: "png", channels: 4, depth: "ushort", width: 65_535, height: 763 },
    {},
  ],
  [
    "PNG, 16 bits with alpha, 30,000 wide",
    217,
    { format: "png", channels: 4, depth: "ushort", width: 30_000, height: 1_666 },
    {},
  ],
  ["PNG, 8 bits, interlaced", 168, { format: "png", isProgressive: true }, {}],
  [
    "PNG, 16 bits with alpha, interlaced",
    450,
    { format: "png", channels: 4, depth: "ushort", isProgressive: true },
    {},
  ],
  ["GIF", 243, { format: "gif", channels: 4 }, {}],
  ["GIF, 65,535 wide", 418, { format: "gif", channels: 4, width: 65_535, height: 763 }, {}],
  ["WebP, lossless with many colours", 192, { format: "webp" }, {}],
  ["AVIF of 16 MP, 8 bits", 293, { format: "heif", width: 4_000, height: 4_000 }, {}],
  [
    "AVIF of 16 MP, 12 bits with alpha",
    401,
    { format: "heif", width: 4_000, height: 4_000, channels: 4, depth: "ushort" },
    {},
  ],
];

describe("decodeWeight", () => {
  it.each(measured)("decodeWeight covers the measured peak of a %s, %i MiB", (_, mib, overrides, options) => {
    const weight = decodeWeight({ ...header, ...overrides }, options.isBuffered ?? false);
    expect(weight).toBeGreaterThanOrEqual(mib * MIB);
    expect(weight).toBeLessThan(mib * MIB * 1.5 + 100 * MIB);
  });

  it("decodeWeight of an image of a phone leaves room for a second one", () => {
    const phone = { ...header, width: 4_000, height: 3_000 };
    for (const format of ["jpeg", "png", "webp", "heif"])
      expect(decodeWeight({ ...phone, format }, true)).toBeLessThan(450_000_000);
  });
});

describe("pixelLimit", () => {
  it("pixelLimit is 16 megapixels for AVIF unless the setting is lower", () => {
    expect(["jpeg", "heif"].map((format) => pixelLimit(format, 50_000_000))).toEqual([50_000_000, 16_000_000]);
    expect(pixelLimit("heif", 1_000)).toBe(1_000);
  });
});
