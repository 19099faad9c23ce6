// The library over HTTP: list, describe, publish, and delete an image, which then has no link, no place in the list, no
// copy on the site and no duplicate.
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

type Gallery = { readonly images: readonly { readonly id: string; readonly alt?: string }[] };
type Public = { readonly variants?: readonly { readonly format: string; readonly url: string }[] };

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.close());

it("lists images newest first, keeps what their owner writes, and forgets a deleted image", async () => {
  const library = openLibrary(backend.api, await backend.token("owner"));
  const files = await Promise.all([1, 2, 3].map(() => testImage("png", { width: 60, height: 40 })));
  const ids: string[] = [];
  for (const file of files) {
    const { id } = await json<Image>(library.upload(file));
    await library.settled(id);
    ids.unshift(id);
  }
  const list = async (query: string) => {
    const found: string[] = [];
    let cursor = "";
    do {
      const page = await json<{ images: Image[]; nextCursor?: string }>(library.call(`/v1/images?${query}${cursor}`));
      found.push(...page.images.map(({ id }) => id));
      cursor = page.nextCursor === undefined ? "" : `&cursor=${page.nextCursor}`;
    } while (cursor);
    return found;
  };
  expect(await list("limit=2")).toEqual(ids);

  const [newest = "", middle = ""] = ids;
  const etag = (await library.call(`/v1/images/${middle}`)).headers.get("etag") ?? "";
  const headers = { "content-type": "application/json", "if-match": etag };
  const change = { method: "PATCH", headers, body: JSON.stringify({ alt: "The sea", tags: ["Sea"] }) };
  expect(await json(library.call(`/v1/images/${middle}`, change))).toMatchObject({ alt: "The sea", tags: ["sea"] });
  expect((await library.call(`/v1/images/${middle}`, change)).status).toBe(412);
  expect(await list("limit=1&tag=sea")).toEqual([middle]);

  const links = await Promise.all(["original", "thumbnail"].map((variant) => library.link(newest, variant)));
  const remove = () => library.call(`/v1/images/${newest}`, { method: "DELETE" });
  expect((await remove()).status).toBe(204);
  expect((await remove()).status).toBe(404);
  expect(await Promise.all(links.map(async ({ url }) => (await fetch(url)).status))).toEqual([404, 404]);
  expect((await library.call(`/v1/images/${newest}`)).status).toBe(404);
  expect(await list("limit=2")).toEqual(ids.slice(1));

  // Equal bytes would be the deleted image if its duplicate row remained.
  const again = await json<Image>(library.upload(files[2] as Buffer));
  expect(ids).not.toContain(again.id);
  expect(await list("limit=100")).toEqual([again.id, ...ids.slice(1)]);
});

it("publishes the variants of an image without its metadata, and removes them when it is private or deleted", async () => {
  const library = openLibrary(backend.api, await backend.token("owner"));
  const patch = async (id: string, body: object) => {
    const headers = { "content-type": "application/json", "if-match": "*" };
    return library.call(`/v1/images/${id}`, { method: "PATCH", headers, body: JSON.stringify(body) });
  };
  const gallery = (init?: RequestInit) => fetch(`${backend.api}/v1/gallery`, init);
  // Smaller than every variant, and with what would show where it was taken.
  const exif = { IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 30/1 0/1" }, IFD0: { Make: "Camera" } };
  const file = await sharp(await testImage("jpeg", { width: 90, height: 60 }))
    .withExif(exif)
    .jpeg()
    .toBuffer();
  expect((await sharp(file).metadata()).exif).toBeDefined();
  const { id } = await json<Image>(library.upload(file, "home.jpg", "?optimize=false"));
  // Published while it may still be pending.
  expect((await patch(id, { visibility: "public", alt: "Home" })).status).toBe(200);
  await library.settled(id);
  await expect.poll(async () => (await json<Gallery>(gallery())).images.length, { timeout: 20_000 }).toBe(1);

  const { variants = [] } = await json<Public>(library.call(`/v1/images/${id}`));
  expect(variants.map(({ url }) => new URL(url).pathname).sort()).toEqual(
    ["avif", "jpeg", "webp"].map((format) => `/images/${id}/256.${format}`),
  );
  for (const { format, url } of variants) {
    const response = await fetch(url);
    expect(response.headers.get("content-type")).toBe(`image/${format}`);
    expect(response.headers.get("cache-control")).toBe("public, max-age=3600");
    const etag = response.headers.get("etag") ?? "";
    const bytes = Buffer.from(await response.arrayBuffer());
    const { exif, iptc, xmp, width } = await sharp(bytes).metadata();
    expect({ exif, iptc, xmp, width }).toEqual({ width: 90 });
    expect(bytes.includes("Camera")).toBe(false);
    expect((await fetch(url, { headers: { "if-none-match": etag } })).status).toBe(304);
  }
  const listed = await gallery();
  const etag = listed.headers.get("etag") ?? "";
  const { images } = await json<Gallery>(Promise.resolve(listed));
  expect(images).toMatchObject([{ id, alt: "Home" }]);
  expect(JSON.stringify(images)).not.toContain("home.jpg");
  expect((await gallery({ headers: { "if-none-match": etag } })).status).toBe(304);
  const picture = await json<{ html: string }>(library.call(`/v1/images/${id}?embed=picture`));
  expect(picture).toEqual({ html: expect.stringContaining(`${backend.host.url}/images/${id}/256.jpeg`) });

  const [{ url = "" } = {}] = variants;
  expect((await patch(id, { visibility: "private" })).status).toBe(200);
  expect((await fetch(url)).status).toBe(404);
  expect((await gallery({ headers: { "if-none-match": etag } })).status).toBe(200);
  expect((await json<Gallery>(gallery())).images).toEqual([]);
  expect((await patch(id, { visibility: "public" })).status).toBe(200);
  expect((await fetch(url)).status).toBe(200);
  expect((await library.call(`/v1/images/${id}`, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(url)).status).toBe(404);
  expect((await json<Gallery>(gallery())).images).toEqual([]);
});
