// Signed links end to end: what they open, in HTTP and in a browser, and what they do not.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { launchBrowser } from "../scripts/browser.fixture.ts";
import { type Library, openLibrary } from "./library.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

let backend: Backend;
let library: Library;
let browser: Browser;
let image: Image;
let other: Image;

beforeAll(async () => {
  [backend, browser] = await Promise.all([startBackend(), launchBrowser()]);
  library = openLibrary(backend.api, await backend.token("owner"));
  const size = { width: 600, height: 400 };
  [image, other] = await Promise.all([
    json<Image>(library.upload(await testImage("jpeg", size), "one.jpg")),
    json<Image>(library.upload(await testImage("jpeg", size), "two.jpg")),
  ]);
  await Promise.all([library.settled(image.id), library.settled(other.id)]);
});
afterAll(async () => {
  await browser?.close();
  await backend?.close();
});

describe("a signed link", () => {
  it("a link shows its image in a browser", async () => {
    const page = await browser.newPage();
    const { url } = await library.link(image.id, "thumbnail");
    const response = await page.goto(url);
    expect(response?.status()).toBe(200);
    const width = await page.evaluate("document.images[0].naturalWidth");
    expect(width).toBe(256);
    await page.close();
  });

  it("a script of another origin can read the image and its ETag", async () => {
    const page = await browser.newPage();
    // The page of the résumé permits its script its own API only.
    await page.goto(`${backend.host.url}/style.css`);
    const { url } = await library.link(image.id, "original");
    const elsewhere = url.replace("localhost", "127.0.0.1");
    const result = await page.evaluate(async (link) => {
      const response = await fetch(link);
      return { status: response.status, etag: response.headers.get("etag"), size: (await response.blob()).size };
    }, elsewhere);
    expect(result).toEqual({ status: 200, etag: expect.stringMatching(/./), size: image.size });
    await page.close();
  });

  it("a link lasts as long as requested, by default an hour", async () => {
    const minutes = async (expiresIn?: number) => {
      const { expiresAt } = await library.link(image.id, "original", expiresIn);
      return Math.round((Date.parse(expiresAt) - Date.now()) / 60_000);
    };
    expect(await minutes()).toBe(60);
    expect(await minutes(60)).toBe(1);
    expect(await minutes(6 * 86_400)).toBe(6 * 24 * 60);
  });

  it("a link supports HEAD and range requests", async () => {
    const { url } = await library.link(image.id, "original");
    const head = await fetch(url, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBe(image.size);
    const part = await fetch(url, { headers: { range: "bytes=0-9" } });
    expect(part.status).toBe(206);
    expect((await part.arrayBuffer()).byteLength).toBe(10);
  });
});

describe("access without a valid link", () => {
  const status = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;

  it("a URL without a signature is rejected", async () => {
    const { url } = await library.link(image.id, "original");
    expect(await status(url.split("?")[0] as string)).toBeGreaterThanOrEqual(401);
  });

  it("a signature of another image or variant, or with a changed expiry, is rejected", async () => {
    const [one, two, thumbnail] = await Promise.all([
      library.link(image.id, "original"),
      library.link(other.id, "original"),
      library.link(image.id, "thumbnail"),
    ]);
    const [path] = one.url.split("?") as [string];
    expect(await status(`${path}?${two.url.split("?")[1]}`)).toBe(403);
    expect(await status(`${path}?${thumbnail.url.split("?")[1]}`)).toBe(403);
    const later = new URL(one.url);
    later.searchParams.set("se", new Date(Date.now() + 7 * 86_400_000).toISOString());
    expect(await status(later.href)).toBe(403);
  });

  it("a read link cannot write or delete", async () => {
    const { url } = await library.link(image.id, "original");
    const headers = { "x-ms-blob-type": "BlockBlob" };
    expect(await status(url, { method: "PUT", headers, body: "changed" })).toBe(403);
    expect(await status(url, { method: "DELETE" })).toBeGreaterThanOrEqual(403);
    expect(await status(url)).toBe(200);
  });

  it("a container cannot be listed, with or without a signature", async () => {
    const { url } = await library.link(image.id, "original");
    const [, signature] = url.split("?");
    const list = `${backend.host.url}/media/images?restype=container&comp=list`;
    expect(await status(list)).toBeGreaterThanOrEqual(401);
    expect(await status(`${list}&${signature}`)).toBeGreaterThanOrEqual(403);
  });

  it("a link to a thumbnail that is not ready is rejected with 409", async () => {
    backend.events.decide(() => "drop");
    const { id } = await json<Image>(library.upload(await testImage("png", { width: 20, height: 20 })));
    const body = JSON.stringify({ imageId: id, variant: "thumbnail" });
    const headers = { "content-type": "application/json" };
    expect((await library.call("/v1/sas", { method: "POST", headers, body })).status).toBe(409);
    backend.events.decide(undefined);
  });
});
