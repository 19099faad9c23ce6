// Counting the scans of a JPEG: real encoders, repeated scans and arbitrary bytes.
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { scanBomb } from "../../images/costly-images.fixture.ts";
import { cameraImage, testImage } from "../../images/test-images.fixture.ts";
import { readJpegScans } from "./jpeg-scans.ts";

const size = { width: 80, height: 60 };

describe("readJpegScans", () => {
  it("readJpegScans finds one scan in a baseline JPEG, also with a profile and EXIF data", async () => {
    for (const bytes of [await testImage("jpeg"), await cameraImage()])
      expect(readJpegScans(bytes)).toEqual({ scans: 1, isBuffered: false, isUnsupported: false });
  });

  it("readJpegScans reports a progressive JPEG as buffered", async () => {
    const bytes = await sharp(await testImage("png"))
      .jpeg({ progressive: true })
      .toBuffer();
    expect(readJpegScans(bytes)).toEqual({ scans: 10, isBuffered: true, isUnsupported: false });
  });

  it("readJpegScans reports a baseline JPEG with a scan for each colour as buffered", async () => {
    const bytes = Buffer.from(await testImage("jpeg"));
    const scan = bytes.indexOf(Buffer.from([0xff, 0xda]));
    bytes[scan + 4] = 1;
    expect(readJpegScans(bytes)).toMatchObject({ isBuffered: true });
  });

  it.each([0xc3, 0xc9, 0xca, 0xcf])("readJpegScans reports the frame marker %i as unsupported", async (marker) => {
    const bytes = Buffer.from(await testImage("jpeg"));
    bytes[bytes.indexOf(Buffer.from([0xff, 0xc0])) + 1] = marker;
    expect(readJpegScans(bytes)).toMatchObject({ isUnsupported: true });
  });

  it("readJpegScans counts every repeated scan, and none behind the end of the image", async () => {
    const once = await scanBomb(size, 0);
    const own = readJpegScans(once).scans;
    const repeated = await scanBomb(size, 200);
    expect(readJpegScans(repeated).scans).toBe(own + 200);
    expect(readJpegScans(Buffer.concat([once, repeated])).scans).toBe(own);
  });

  it("readJpegScans ends for arbitrary bytes with at most one scan for four of them", () => {
    const byte = fc.oneof(fc.constantFrom(0xff, 0xda, 0xc2, 0xd9, 0, 2), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 400 }), (rest) => {
        const { scans } = readJpegScans(Uint8Array.from([0xff, 0xd8, ...rest]));
        expect(scans).toBeLessThanOrEqual(rest.length / 4 + 1);
      }),
    );
  });
});
