// Uploads, thumbnails and links end to end, and every rejected upload and link request.
import { request } from "node:http";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageFormats } from "../functions/images/image-format.ts";
import { cornersOf, orientedImage, quarters, testImage, UPRIGHT } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Library, openLibrary } from "./library.fixture.ts";
import { type ErrorBody, type Image, json } from "./responses.fixture.ts";

let backend: Backend;
let library: Library;
let owner: string;
let png: Buffer;

beforeAll(async () => {
  backend = await startBackend({ MAX_UPLOAD_BYTES: String(1024 * 1024), MAX_IMAGE_PIXELS: "1000000" });
  owner = await backend.token("owner");
  library = openLibrary(backend.api, owner);
  png = await testImage("png", { width: 600, height: 400 });
});
afterAll(() => backend.close());

/** Names of the originals written so far. */
const originals = () => backend.events.writes.filter(({ container }) => container === "images").map(({ name }) => name);

/** Other bytes each time. */
const smallPng = () => testImage("png", { width: 60, height: 40 });

const uploadImage = async (bytes: Uint8Array, name?: string) => {
  const response = await library.upload(bytes, name);
  expect(response.status).toBe(201);
  return json<Image>(response);
};

describe("imports", () => {
  it.each([
    "https://127.0.0.1/a.png",
    "https://[::ffff:169.254.169.254]/metadata/instance",
    "https://localhost:443/a.png",
  ])("returns 400 for the private URL %s, without its address", async (url) => {
    const body = JSON.stringify({ url });
    const headers = { "content-type": "application/json" };
    const response = await library.call("/v1/images/import", { method: "POST", headers, body });
    expect(response.status).toBe(400);
    const { error } = await json<ErrorBody>(response);
    expect(error.code).toBe("VALIDATION_FAILED");
    expect(error.message).toContain("body.url must lead to a host that has public addresses only");
    expect(error.message).not.toContain(new URL(url).hostname);
  });
});

describe("uploads", () => {
  it.each(imageFormats.flatMap((format) => [[format, "raw"] as const, [format, "form"] as const]))(
    "stores a %s sent as %s, raw without a change, and creates its thumbnail",
    async (format, way) => {
      const bytes = await quarters({ width: 600, height: 400 }).toFormat(format).toBuffer();
      const isForm = way === "form";
      const response = await (isForm
        ? library.upload(bytes, `photo.${format}`)
        : library.upload(bytes, undefined, "?optimize=false"));
      expect(response.status).toBe(201);
      const image = await json<Image>(response);
      expect(response.headers.get("location")).toBe(`/api/v1/images/${image.id}`);
      const metadata = isForm ? "removed" : "kept";
      expect(image).toMatchObject({ contentType: `image/${format}`, metadata, width: 600, height: 400 });
      const { status, thumbnail } = await library.settled(image.id);
      expect({ status, thumbnail }).toMatchObject({ status: "ready", thumbnail: { width: 256, height: 171 } });

      const original = await fetch((await library.link(image.id, "original")).url);
      expect(original.headers.get("content-type")).toBe(`image/${format}`);
      const stored = Buffer.from(await original.arrayBuffer());
      expect(stored.byteLength).toBe(image.size);
      if (isForm) expect(await cornersOf(stored)).toEqual(UPRIGHT);
      else expect(Buffer.compare(stored, bytes)).toBe(0);
      const small = await fetch((await library.link(image.id, "thumbnail")).url);
      expect(small.headers.get("content-type")).toBe("image/webp");
      expect(small.headers.get("cache-control")).toContain("max-age=31536000");
      const thumbnailBytes = Buffer.from(await small.arrayBuffer());
      expect(await cornersOf(thumbnailBytes)).toEqual(UPRIGHT);
      expect(thumbnailBytes.byteLength).toBe(thumbnail?.size);
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "creates an upright thumbnail without metadata for EXIF orientation %i",
    async (orientation) => {
      const image = await uploadImage(await orientedImage({ width: 300, height: 200 }, orientation));
      expect(image).toMatchObject({ width: 300, height: 200 });
      expect(await library.settled(image.id)).toMatchObject({ thumbnail: { width: 256, height: 171 } });
      const { url } = await library.link(image.id, "thumbnail");
      const thumbnailBytes = Buffer.from(await (await fetch(url)).arrayBuffer());
      expect(await cornersOf(thumbnailBytes)).toEqual(UPRIGHT);
      expect((await sharp(thumbnailBytes).metadata()).exif).toBeUndefined();
    },
  );

  it("stores two images with the same name as two, and the same image once", async () => {
    const [one, two] = [await uploadImage(await smallPng(), "same.png"), await uploadImage(png, "same.png")];
    expect(one.filename).toBe(two.filename);
    expect(one.id).not.toBe(two.id);
    const again = await library.upload(png, "other.png");
    expect(again.status).toBe(200);
    expect(again.headers.get("location")).toBe(`/api/v1/images/${two.id}`);
    expect(await json<Image>(again)).toMatchObject({ id: two.id, filename: "same.png" });
  });

  it.each([
    ["Bewerbungsfoto Zoë 日本.png", "Bewerbungsfoto Zoë 日本.png"],
    ["../../etc/passwd", "passwd.png"],
    ["C:\\Users\\me\\photo.PNG", "photo.PNG"],
    ["...", "image.png"],
  ])("stores the file name %s as %s, and its link works", async (name, stored) => {
    const image = await uploadImage(await smallPng(), name);
    expect(image.filename).toBe(stored);
    expect((await fetch((await library.link(image.id, "original")).url)).status).toBe(200);
  });

  it.each(["42", "true", "me@example.com"])("creates a thumbnail for an owner with the subject %s", async (subject) => {
    const library = openLibrary(backend.api, await backend.token("owner", subject));
    const { id } = await json<Image>(library.upload(png));
    expect((await library.settled(id)).status).toBe("ready");
    expect((await fetch((await library.link(id, "thumbnail")).url)).status).toBe(200);
  });

  it("truncates a file name of 300 bytes to 255 and keeps its extension", async () => {
    const { filename } = await uploadImage(await smallPng(), `${"é".repeat(150)}.png`);
    expect(Buffer.byteLength(filename)).toBeLessThanOrEqual(255);
    expect(filename).toMatch(/^é+\.png$/);
  });
});

describe("images with other data", () => {
  it.each(["", "?optimize=false"])(
    "accepts an image with a script behind it, and only with ?optimize=false stores it: %s",
    async (query) => {
      const bytes = Buffer.concat([png, Buffer.from("<!doctype html><script>alert(1)</script>")]);
      const { id } = await json<Image>(library.upload(bytes, "page.html", query));
      expect((await library.settled(id)).status).toBe("ready");
      for (const [variant, contentType] of [
        ["original", "image/png"],
        ["thumbnail", "image/webp"],
      ] as const) {
        const response = await fetch((await library.link(id, variant)).url);
        expect(response.headers.get("content-type")).toBe(contentType);
        expect(Buffer.from(await response.arrayBuffer()).includes("<script>")).toBe(
          variant === "original" && query !== "",
        );
      }
    },
  );
});

describe("rejected requests", () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>';
  const cases: [string, () => Buffer | Promise<Buffer>, number, string][] = [
    ["an empty body", () => Buffer.alloc(0), 400, "VALIDATION_FAILED"],
    ["an SVG", () => Buffer.from(svg), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a PDF", () => Buffer.from("%PDF-1.7\n%âãÏÓ"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["an HTML document", () => Buffer.from("<!doctype html><title>x</title>"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a truncated image", () => png.subarray(0, png.length / 2), 422, "UNPROCESSABLE_IMAGE"],
    ["too many pixels", () => quarters({ width: 1_001, height: 1_000 }).png().toBuffer(), 422, "UNPROCESSABLE_IMAGE"],
    ["too many bytes", () => Buffer.concat([png, Buffer.alloc(1024 * 1024)]), 413, "PAYLOAD_TOO_LARGE"],
  ];
  it.each(cases)("rejects %s and stores nothing", async (_, make, status, code) => {
    const before = originals();
    for (const name of [undefined, "a.png"]) {
      const response = await library.upload(await make(), name);
      expect(response.status).toBe(status);
      expect((await json<ErrorBody>(response)).error.code).toBe(code);
    }
    expect(originals()).toEqual(before);
  });

  it("rejects a text body with 415 and a form without its file with 400", async () => {
    const text = await library.call("/v1/images", { method: "POST", body: "hello" });
    expect(text.status).toBe(415);
    const form = new FormData();
    form.set("image", new Blob([new Uint8Array(png)]), "a.png");
    expect((await library.call("/v1/images", { method: "POST", body: form })).status).toBe(400);
  });

  it.each([
    ["an unknown variant", { variant: "huge" }],
    ["an expiry of 59 seconds", { variant: "original", expiresIn: 59 }],
    ["an expiry over six days", { variant: "original", expiresIn: 6 * 86_400 + 1 }],
    ["a fraction of a second", { variant: "original", expiresIn: 60.5 }],
    ["an unknown field", { variant: "original", permissions: "rw" }],
    ["a malformed image id", { variant: "original", imageId: "1" }],
  ])("rejects a link request with %s with VALIDATION_FAILED", async (_, fields) => {
    const body = JSON.stringify({ imageId: crypto.randomUUID(), ...fields });
    const headers = { "content-type": "application/json" };
    const response = await library.call("/v1/sas", { method: "POST", headers, body });
    expect(response.status).toBe(400);
    expect((await json<ErrorBody>(response)).error.code).toBe("VALIDATION_FAILED");
  });

  it("rejects a caller without a token with 401, a viewer with 403, and a stranger with 404", async () => {
    const { id } = await uploadImage(await smallPng());
    expect((await fetch(`${backend.api}/v1/images/${id}`)).status).toBe(401);
    const viewer = openLibrary(backend.api, await backend.token("viewer"));
    expect((await viewer.upload(png)).status).toBe(403);
    const stranger = openLibrary(backend.api, await backend.token("owner", "stranger"));
    expect((await stranger.call(`/v1/images/${id}`)).status).toBe(404);
    const body = JSON.stringify({ imageId: id, variant: "original" });
    const headers = { "content-type": "application/json" };
    expect((await stranger.call("/v1/sas", { method: "POST", headers, body })).status).toBe(404);
  });

  it("rejects a streamed body over the limit with 413", async () => {
    const headers = { authorization: `Bearer ${owner}`, "content-type": "image/png" };
    const body = new Blob([new Uint8Array(2 * 1024 * 1024)]).stream();
    const response = await fetch(`${backend.api}/v1/images`, { method: "POST", headers, body, duplex: "half" });
    expect([response.status, (await json<ErrorBody>(response)).error.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
  });

  // The real host passes on a response after it has sent the whole request, so the app's 413 does not arrive.
  it("cuts off an endless body, to which the host responds with 500", async () => {
    const sent = await new Promise<{ status: number | undefined; bytes: number }>((resolve, reject) => {
      let bytes = 0;
      let isRejected = false;
      const outgoing = request(`${backend.api}/v1/images`, {
        method: "POST",
        headers: { authorization: `Bearer ${owner}`, "content-type": "image/png", "transfer-encoding": "chunked" },
      });
      outgoing.on("response", ({ statusCode }) => {
        isRejected = true;
        resolve({ status: statusCode, bytes });
        outgoing.destroy();
      });
      outgoing.on("error", (error) => isRejected || reject(error));
      const chunk = Buffer.alloc(64 * 1024, 0x89);
      const writeMore = () => {
        while (!isRejected && bytes < 200 * 1024 * 1024) {
          bytes += chunk.length;
          if (!outgoing.write(chunk)) return void outgoing.once("drain", writeMore);
        }
      };
      writeMore();
    });
    expect(sent.status).toBe(500);
    expect(sent.bytes).toBeLessThan(60 * 1024 * 1024);
  });

  it("stores nothing when a client disconnects, and handles the next request", async () => {
    const before = originals();
    await new Promise<void>((resolve) => {
      const outgoing = request(`${backend.api}/v1/images`, {
        method: "POST",
        headers: { authorization: `Bearer ${owner}`, "content-type": "image/png", "content-length": png.length },
      });
      outgoing.on("error", () => resolve());
      outgoing.write(png.subarray(0, 100), () => outgoing.destroy());
    });
    const image = await uploadImage(await smallPng());
    await library.settled(image.id);
    expect(originals()).toEqual([...before, expect.stringContaining(image.id)]);
  });
});
