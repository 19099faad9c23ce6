// Images that the intake accepts, and how they are stored, against Azurite.
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { originalBlobName } from "../lib/image.ts";
import { gifWithComment, zip } from "./hostile-images.fixture.ts";
import { contentTypes, imageFormats } from "./image-format.ts";
import { newOwner, openIntake, propertiesOf, storedBy, tagsOf } from "./intake.fixture.ts";
import { animation, cameraImage, testImage } from "./test-images.fixture.ts";

const { intake, records, originals } = openIntake();
const accept = async (bytes: Uint8Array, filename: string | undefined = "x.png", owner = newOwner()) =>
  (await intake.accept({ owner, filename, bytes })).record;
const keep = async (bytes: Uint8Array, filename: string | undefined = "x.png", owner = newOwner()) =>
  (await intake.accept({ owner, filename, bytes, options: "unchanged" })).record;

const followed = async (rest: Uint8Array) => Buffer.concat([await testImage("jpeg"), rest]);

describe("accepted images", () => {
  it("counts an accepted upload by format, and no rejected one", async () => {
    const measured: unknown[] = [];
    const { intake } = openIntake({ meter: { measure: (...args) => void measured.push(args) } });
    await intake.accept({ owner: newOwner(), filename: "a", bytes: await testImage("webp") });
    await expect(intake.accept({ owner: newOwner(), filename: "a", bytes: Buffer.from("no") })).rejects.toThrow();
    expect(measured).toEqual([["uploads", 1, { format: "webp" }]]);
  });

  it.each(imageFormats)("stores a %s unchanged with its content type, and a pending record", async (format) => {
    const bytes = await testImage(format);
    const owner = newOwner();
    const record = await keep(bytes, "Me, 2026.xyz", owner);
    const extension = format === "jpeg" ? "jpg" : format;
    expect(record).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      owner,
      filename: `Me, 2026.xyz.${extension}`,
      contentType: contentTypes[format],
      size: bytes.length,
      width: 80,
      height: 60,
      metadata: "kept",
      uploadKey: expect.stringMatching(/^[0-9a-f]{64}_unchanged$/),
      status: "pending",
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      retention: "keep",
      retentionFrom: "tier",
    });
    expect(await records.find(owner, record.id)).toEqual(record);
    const name = `${owner}/${record.id}/Me, 2026.xyz.${extension}`;
    expect(await storedBy(owner)).toEqual({ records: [record.id], blobs: [name] });
    expect((await originals.read(name))?.bytes).toEqual(bytes);
    expect(await propertiesOf(name)).toMatchObject({
      contentType: contentTypes[format],
      cacheControl: "private, max-age=31536000, immutable",
      metadata: { image: record.id },
    });
  });

  it.each([
    ["free", "90"],
    ["basic", "180"],
    ["pro", "365"],
    ["enterprise", "keep"],
    [undefined, "keep"],
  ] as const)("keeps an image of the tier %s for %s days, in its record and the index tag", async (tier, retention) => {
    const owner = newOwner();
    const { record } = await intake.accept({ owner, filename: "a", bytes: await testImage("png"), tier });
    const days = (Date.parse(record.expiresAt ?? "") - Date.parse(record.createdAt)) / 86_400_000;
    expect(record).toMatchObject({ retention, retentionFrom: "tier" });
    expect(days).toEqual(retention === "keep" ? Number.NaN : Number(retention));
    expect(await tagsOf(originalBlobName(record))).toEqual({ retention });
  });

  it.each(["gif", "webp", "avif"] as const)("accepts an animated %s with the size of a frame", async (format) => {
    expect(await keep(await animation(format))).toMatchObject({ width: 40, height: 30, status: "pending" });
  });

  it.each<[string, () => Promise<Buffer>]>([
    ["a JPEG with HTML in the slack behind it", () => followed(Buffer.from("\0\0<!doctype html><script>1</script>"))],
    ["a JPEG with a second image behind it", async () => followed(await testImage("jpeg"))],
    ["a JPEG with an archive behind it", () => followed(zip())],
    ["a GIF with HTML in a comment", () => gifWithComment("<html><script>1</script>")],
  ])("accepts %s, as the image that it is", async (_, make) => {
    const bytes = await make();
    const { owner, id, filename, contentType } = await keep(bytes, "x.html");
    expect(filename).toMatch(/^x\.html\.(jpg|gif)$/);
    expect((await propertiesOf(`${owner}/${id}/${filename}`)).contentType).toBe(contentType);
    expect(contentType).toMatch(/^image\/(jpeg|gif)$/);
  });

  it("keeps the camera metadata of an original that is stored unchanged", async () => {
    const bytes = await cameraImage(1);
    const { owner, id, filename } = await keep(bytes);
    expect((await originals.read(`${owner}/${id}/${filename}`))?.bytes).toEqual(bytes);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "records the displayed size of an image with EXIF orientation %i",
    async (orientation) => {
      const [width, height] = orientation < 5 ? [80, 60] : [60, 80];
      expect(await accept(await cameraImage(orientation))).toMatchObject({ width, height });
    },
  );

  it.each([
    ["of one pixel", { width: 1, height: 1 }],
    ["of one line", { width: 3_000, height: 1 }],
    ["of one column", { width: 1, height: 3_000 }],
  ])("accepts an image %s", async (_, size) => {
    // AVIF encoders differ below 16 pixels.
    for (const format of imageFormats)
      if (format !== "avif") expect(await keep(await testImage(format, size))).toMatchObject(size);
  });

  it.each<[string, (png: Sharp) => Promise<Buffer>]>([
    ["a progressive JPEG", (png) => png.jpeg({ progressive: true }).toBuffer()],
    ["a CMYK JPEG", (png) => png.toColourspace("cmyk").jpeg().toBuffer()],
    ["a grey JPEG", (png) => png.greyscale().jpeg().toBuffer()],
    ["an interlaced PNG", (png) => png.png({ progressive: true }).toBuffer()],
    ["a PNG of 16 bits", (png) => png.toColourspace("rgb16").png().toBuffer()],
    ["a PNG with a palette", (png) => png.png({ palette: true }).toBuffer()],
    ["a lossless WebP", (png) => png.webp({ lossless: true }).toBuffer()],
    ["an AVIF of 10 bits", (png) => png.avif({ bitdepth: 10 }).toBuffer()],
  ])("accepts %s", async (_, make) => {
    const bytes = await make(sharp(await testImage("png")));
    expect(await accept(bytes)).toMatchObject({ width: 80, height: 60 });
  });

  it("stores two concurrent uploads with one name as two images", async () => {
    const owner = newOwner();
    const both = await Promise.all(
      [await testImage("png"), await testImage("png")].map((bytes) => accept(bytes, "a.png", owner)),
    );
    const ids = both.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    const stored = await storedBy(owner);
    expect(stored.records.sort()).toEqual(ids.sort());
    expect(stored.blobs.sort()).toEqual(ids.map((id) => `${owner}/${id}/a.png`));
  });

  it.each([
    "../../../etc/passwd",
    "..",
    "a\r\nx-ms-meta-a: b",
    `${"é".repeat(300)}.png`,
    "\u202egnp.exe",
    "?sig=x#y%2F",
  ])("stores the hostile file name %j inside the folder of the image", async (filename) => {
    const owner = newOwner();
    const record = await accept(await testImage("png"), filename, owner);
    expect((await storedBy(owner)).blobs).toEqual([`${owner}/${record.id}/${record.filename}`]);
    expect(record.filename).toMatch(/^[^/\\\p{Cc}\p{Cf}?#%]+\.png$/u);
  });
});
