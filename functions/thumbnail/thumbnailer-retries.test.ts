// Renders that fail: when the thumbnailer tries again, and when an image is `failed`.
import { beforeEach, describe, expect, it } from "vitest";
import { newOwner, openContainer, openIntake, unusedPublisher } from "../images/intake.fixture.ts";
import { testImage } from "../images/test-images.fixture.ts";
import { createDecoder, type Decoder } from "../lib/decode/decoder.ts";
import { AppError } from "../lib/errors.ts";
import type { RunOptions } from "../lib/gate.ts";
import { type ImageRecord, originalBlobName } from "../lib/image.ts";
import { THUMBNAIL, variantBlobName } from "../lib/image-variants.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createThumbnailer } from "./thumbnailer.ts";

const { intake, originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const decoder = createDecoder({ maxPixels: 50_000_000 });
const unusable = () => Promise.reject(new AppError("UNPROCESSABLE_IMAGE", "x"));
let owner: string;
let image: ImageRecord;
let decodes: number;

const open = ({ decode }: Pick<Decoder, "decode"> = decoder) => {
  const counted: Decoder = {
    process: decoder.process,
    decode(...args) {
      decodes++;
      return decode(...args);
    },
  };
  return createThumbnailer({
    originals,
    thumbnails,
    records,
    publisher: unusedPublisher,
    decoder: counted,
    meter: silentMeter,
    widths: [256],
  });
};
const create = (thumbnailer = open()) => thumbnailer.create(owner, image.id, { warn: () => undefined });
const findRecord = () => records.find(owner, image.id);
/** Replaces the original, also by bytes that the intake rejects. */
const replaceOriginal = (bytes: Uint8Array) =>
  originals.write(originalBlobName(image), { bytes, contentType: "x/y", cacheControl: "no-store" });

beforeEach(async () => {
  owner = newOwner();
  decodes = 0;
  ({ record: image } = await intake.accept({
    owner,
    filename: "a.png",
    bytes: await testImage("png", { width: 600, height: 300 }),
  }));
});

describe("failed renders", () => {
  it("sets an image that cannot be read to failed at the second attempt, with a reason, and does not read it again", async () => {
    await replaceOriginal(Buffer.from("\x89PNG\r\n\x1a\n and no more", "latin1"));
    await expect(create()).rejects.toThrow(/not rendered/);
    expect(await findRecord()).toMatchObject({ status: "pending" });
    expect(await create()).toBe("failed");
    const failed = await findRecord();
    expect(failed).toMatchObject({ status: "failed", reason: expect.stringMatching(/could not be read/) });
    expect(failed?.reason).not.toMatch(/vips|buffer|Error|undefined/i);
    expect(await thumbnails.etag(variantBlobName(image, THUMBNAIL))).toBeUndefined();
    expect(await create()).toBe("up-to-date");
    expect(decodes).toBe(2);
  });

  it("creates the thumbnail of an image whose first render failed, and forgets the failure", async () => {
    const runs: (RunOptions | undefined)[] = [];
    const failing = open({
      decode(bytes, patience, work, options) {
        runs.push(options);
        return runs.length === 1 ? unusable() : decoder.decode(bytes, patience, work, options);
      },
    });
    await expect(create(failing)).rejects.toThrow(/not rendered/);
    expect(await create(failing)).toBe("created");
    expect(await findRecord()).toMatchObject({ status: "ready" });
    expect(runs).toEqual([{ isAlone: false }, { isAlone: true }]);
  });

  it("counts only failures of the same bytes", async () => {
    await replaceOriginal(Buffer.from("nothing"));
    await expect(create()).rejects.toThrow(/not rendered/);
    await replaceOriginal(Buffer.from("nothing else"));
    await expect(create()).rejects.toThrow(/not rendered/);
    expect(await create()).toBe("failed");
  });

  it("tries an image that failed for a reason on our side again, and creates its thumbnail", async () => {
    const retryAt = new Date().toISOString();
    await records.change(owner, image.id, () => ({ status: "failed", reason: "Ours.", attempts: 3, retryAt }));
    expect(await create()).toBe("created");
    const ready = await findRecord();
    expect(ready).toMatchObject({ status: "ready" });
    for (const field of ["reason", "attempts", "retryAt"]) expect(ready).not.toHaveProperty(field);
  });

  it("keeps a ready image ready when a second event of the same original cannot be rendered", async () => {
    const failing = open({ decode: () => create().then(unusable) });
    await expect(create(failing)).rejects.toThrow(/not rendered/);
    expect(await findRecord()).toMatchObject({ status: "ready" });
  });

  it("sets a failed image to ready without a reason once its original is replaced", async () => {
    await replaceOriginal(Buffer.from("nothing"));
    await create().catch(() => undefined);
    await create();
    await replaceOriginal(await testImage("png"));
    expect(await create()).toBe("created");
    expect(await findRecord()).toMatchObject({ status: "ready" });
    expect(await findRecord()).not.toHaveProperty("reason");
  });
});
