// The decoder: what it rejects before libvips reads the pixels, how many run at once, and which errors are the image's.
import { availableParallelism } from "node:os";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { costlyImages, scanBomb, textBomb } from "../../images/costly-images.fixture.ts";
import { avifBomb, pngBomb } from "../../images/hostile-images.fixture.ts";
import { cameraImage, testImage } from "../../images/test-images.fixture.ts";
import { AppError } from "../errors.ts";
import { requestPatience } from "../gate.ts";
import { createDecoder } from "./decoder.ts";

const decoder = createDecoder({ maxPixels: 50_000_000 });
const decode = (bytes: Uint8Array, from = decoder) =>
  from.decode(bytes, requestPatience, async (open, size) => {
    await open(bytes).resize(32, 32, { fit: "inside" }).raw().toBuffer();
    return size;
  });
const unprocessable = (message: RegExp) => ({
  code: "UNPROCESSABLE_IMAGE",
  message: expect.stringMatching(message),
});
const settle = () => new Promise(setImmediate);

describe("accepted images", () => {
  it("decode passes the size as displayed to the work and returns its result", async () => {
    expect(await decode(await cameraImage(6))).toEqual({ width: 60, height: 80 });
  });

  it("decode accepts a JPEG with 100 scans and a PNG with texts of 8 MB", async () => {
    const size = { width: 80, height: 60 };
    expect(await decode(await scanBomb(size, 94))).toEqual(size);
    expect(await decode(await textBomb("zTXt", 1, 7_900_000))).toEqual({ width: 16, height: 16 });
  });

  it("decode accepts an AVIF of 12 megapixels", async () => {
    const size = { width: 4_000, height: 3_000 };
    expect(await decode(await costlyImages["AVIF, 8 bits"](size))).toEqual(size);
  });
});

describe("rejected images", () => {
  it.each(["zTXt", "iTXt", "iCCP"] as const)("decode rejects a PNG whose %s chunks inflate to 79 MB", async (type) => {
    const bytes = await textBomb(type, 10, 7_900_000);
    expect(bytes.length).toBeLessThan(100_000);
    await expect(decode(bytes)).rejects.toMatchObject(unprocessable(/texts.*at most 8000000 bytes/));
  });

  it("decode rejects a JPEG with more than 100 scans", async () => {
    const bytes = await scanBomb({ width: 80, height: 60 }, 95);
    await expect(decode(bytes)).rejects.toMatchObject(unprocessable(/at most 100 scans, and this one has 101/));
  });

  it("decode rejects an arithmetic-coded JPEG", async () => {
    const bytes = Buffer.from(await testImage("jpeg"));
    bytes[bytes.indexOf(Buffer.from([0xff, 0xc0])) + 1] = 0xc9;
    await expect(decode(bytes)).rejects.toMatchObject(unprocessable(/baseline or progressive/));
  });

  it("decode rejects an AVIF of more than 16 megapixels", async () => {
    const bytes = await avifBomb(4_001, 4_000);
    await expect(decode(bytes)).rejects.toMatchObject(unprocessable(/AVIF.*at most 16000000.*4001 x 4000/));
  });

  it("decode rejects an AVIF with a part of more than 16 megapixels that the header does not show", async () => {
    const part = Buffer.from(`0000001c${Buffer.from("free").toString("hex")}000000146973706500000000`, "hex");
    const size = Buffer.alloc(8);
    size.writeUInt32BE(8_000, 0);
    size.writeUInt32BE(2_001, 4);
    const bytes = Buffer.concat([await testImage("avif"), part, size]);
    await expect(decode(bytes)).rejects.toMatchObject(unprocessable(/part of an AVIF.*at most 16000000/));
    size.writeUInt32BE(2_000, 4);
    const smaller = Buffer.concat([await testImage("avif"), part, size]);
    expect(await decode(smaller)).toEqual({ width: 80, height: 60 });
  });

  it("decode rejects an image with an edge of more than 65,535 pixels", async () => {
    const bytes = await costlyImages["PNG, 16 bits"]({ width: 65_536, height: 1 });
    await expect(decode(bytes)).rejects.toMatchObject(unprocessable(/at most 65535 pixels wide or high.*65536 x 1/));
  });

  it("decode rejects a truncated image and bytes that are no image", async () => {
    const corrupt = unprocessable(/corrupt or truncated/);
    await expect(decode((await testImage("png")).subarray(0, 500))).rejects.toMatchObject(corrupt);
    await expect(decode(Buffer.from("hello"))).rejects.toMatchObject(corrupt);
  });
});

describe("concurrent decodes", () => {
  it("decode runs at most two at once, whatever their size", async () => {
    const bytes = await testImage("png");
    const from = createDecoder({ maxPixels: 50_000_000 });
    const limit = Math.min(2, availableParallelism());
    const { promise: full, resolve } = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      if (running === limit) resolve();
      await full;
      await settle();
      running--;
    };
    await Promise.all(Array.from({ length: 8 }, () => from.decode(bytes, requestPatience, work)));
    expect(most).toBe(limit);
  });

  it("decode runs two images at once only when both fit into the memory", async () => {
    // The work reads no pixels, so a header is enough.
    const bytes = pngBomb(7_000, 7_000, { bits: 16, hasAlpha: true, isInterlaced: true });
    const from = createDecoder({ maxPixels: 50_000_000 });
    let running = 0;
    const work = async () => {
      expect(++running).toBe(1);
      await settle();
      running--;
    };
    await Promise.all([1, 2, 3].map(() => from.decode(bytes, requestPatience, work)));
  });

  it("decode counts what the work takes in addition, and does not start what that rejects", async () => {
    const bytes = await testImage("png");
    const from = createDecoder({ maxPixels: 50_000_000 });
    let running = 0;
    const work = async () => {
      expect(++running).toBe(1);
      await settle();
      running--;
    };
    const extraWeight = () => 500_000_000;
    await Promise.all([1, 2, 3].map(() => from.decode(bytes, requestPatience, work, { extraWeight })));
    const tooMuch = () => {
      throw new AppError("UNPROCESSABLE_IMAGE", "Too much.");
    };
    const rejected = from.decode(bytes, requestPatience, work, { extraWeight: tooMuch });
    await expect(rejected).rejects.toMatchObject({ code: "UNPROCESSABLE_IMAGE", message: "Too much." });
  });

  it("decode rejects with DEPENDENCY_UNAVAILABLE beyond its queue", async () => {
    const bytes = await testImage("png");
    const from = createDecoder({ maxPixels: 50_000_000 });
    const patience = { maxWaiting: 1, maxWaitMs: 60_000 };
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => from.decode(bytes, patience, settle)));
    const rejected = results.filter(({ status }) => status === "rejected");
    expect(rejected.length).toBeGreaterThan(0);
    for (const each of rejected)
      expect(each).toMatchObject({ reason: { code: "DEPENDENCY_UNAVAILABLE", headers: { "Retry-After": "10" } } });
  });
});

describe("failures that are not the image's", () => {
  it.each(["out of memory -- size == 400MB", "unable to allocate memory", "Memory allocation error"])(
    "decode rejects with DEPENDENCY_UNAVAILABLE when libvips reports %j",
    async (message) => {
      const work = () => Promise.reject(new Error(message));
      const failed = decoder.decode(await testImage("png"), requestPatience, work);
      await expect(failed).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    },
  );

  it("decode rejects with UNPROCESSABLE_IMAGE when a library's own limit is exceeded", async () => {
    const work = () => Promise.reject(new Error("Memory allocation error: Security limit exceeded"));
    const failed = decoder.decode(await testImage("png"), requestPatience, work);
    await expect(failed).rejects.toMatchObject({ code: "UNPROCESSABLE_IMAGE" });
  });

  it.each([new TypeError("x is not a function"), new RangeError("Out of bounds"), new ReferenceError("no x")])(
    "decode rejects with INTERNAL on a defect in the app: %s",
    async (cause) => {
      const failed = decoder.decode(await testImage("png"), requestPatience, () => Promise.reject(cause));
      await expect(failed).rejects.toMatchObject({ code: "INTERNAL", cause });
    },
  );

  it("decode has one deadline for the header and the pixels", async () => {
    const bytes = await testImage("png");
    // The clock passes the deadline between the header and the pixels.
    const clock = vi.spyOn(performance, "now").mockReturnValueOnce(0).mockReturnValueOnce(0).mockReturnValue(60_001);
    onTestFinished(() => clock.mockRestore());
    const endless = () => new Promise<never>(() => {});
    const failed = createDecoder({ maxPixels: 50_000_000 }).decode(bytes, requestPatience, endless);
    await expect(failed).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  });

  it("decode stops waiting after its time limit, and holds the place until the decode has ended", async () => {
    const bytes = await testImage("png");
    const from = createDecoder({ maxPixels: 50_000_000, timeLimitMs: 200 });
    const ends: (() => void)[] = [];
    const endless = () => new Promise<void>((resolve) => void ends.push(resolve));
    const slow = () => from.decode(bytes, requestPatience, endless, { isAlone: true });
    const message = expect.stringContaining("longer than 200 ms");
    await expect(slow()).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", message });
    const impatient = { maxWaiting: 0, maxWaitMs: 60_000 };
    await expect(from.decode(bytes, impatient, settle)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    for (const end of ends) end();
    await settle();
    await from.decode(bytes, requestPatience, settle);
  });
});
