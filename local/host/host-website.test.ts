// The static website: public blobs, as Azure serves them to anyone, and nothing else of the account.
import { randomUUID } from "node:crypto";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { text } from "node:stream/consumers";
import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture } from "./host.fixture.ts";
import { type Host, startHost } from "./host.ts";
import { websiteTarget } from "./website.ts";

const { SITE_BLOB_ENDPOINT = "", NODE_EXTRA_CA_CERTS = "", IDENTITY_ENDPOINT = "", IDENTITY_HEADER = "" } = process.env;
const env = { SITE_BLOB_ENDPOINT, NODE_EXTRA_CA_CERTS, IDENTITY_ENDPOINT, IDENTITY_HEADER };
const service = new BlobServiceClient(SITE_BLOB_ENDPOINT, new DefaultAzureCredential());
const web = service.getContainerClient("$web");
const folder = `images/${randomUUID()}`;
let host: Host;
let etag = "";

beforeAll(async () => {
  const written = await web.getBlockBlobClient(`${folder}/640.webp`).upload("0123456789", 10, {
    blobHTTPHeaders: { blobContentType: "image/webp", blobCacheControl: "public, max-age=3600" },
    metadata: { owner: "ada" },
  });
  etag = written.etag ?? "";
  await web.getBlockBlobClient(`${folder}/index.html`).upload("index", 5);
  // The setting is another host's.
  const settings = { ...env, SITE_URL: "http://localhost:1/" };
  host = await startHost({ root: fixture("basic"), env: settings, cors: ["*"], port: 0, log: () => {} });
});
afterAll(() => host.close());

function call(path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Sends the path as it is written, which fetch would normalize.
    request({ host: "127.0.0.1", port: host.port, path, ...options })
      .on("response", resolve)
      .on("error", reject)
      .end();
  });
}

describe("the local website", () => {
  it("the website serves a blob to anyone, with its type, cache control and ETag, and without its metadata", async () => {
    const response = await call(`/${folder}/640.webp`, { headers: { origin: "https://me.example" } });
    expect([response.statusCode, await text(response)]).toEqual([200, "0123456789"]);
    expect(response.headers).toMatchObject({
      "content-type": "image/webp",
      "cache-control": "public, max-age=3600",
      "content-length": "10",
      etag,
    });
    // Azure has no CORS for websites. https://learn.microsoft.com/azure/storage/blobs/storage-blob-static-website
    expect(Object.keys(response.headers).filter((name) => /^x-ms|^access-control/.test(name))).toEqual([]);
  });

  it("the website responds to HEAD, If-None-Match and Range", async () => {
    const head = await call(`/${folder}/640.webp`, { method: "HEAD" });
    expect([head.statusCode, head.headers["content-length"], await text(head)]).toEqual([200, "10", ""]);
    for (const method of ["GET", "HEAD"]) {
      const fresh = await call(`/${folder}/640.webp`, { method, headers: { "if-none-match": etag } });
      expect([fresh.statusCode, await text(fresh)]).toEqual([304, ""]);
    }
    const stale = await call(`/${folder}/640.webp`, { headers: { "if-none-match": '"0x1"' } });
    expect([stale.statusCode, await text(stale)]).toEqual([200, "0123456789"]);
    const part = await call(`/${folder}/640.webp`, { headers: { range: "bytes=2-4" } });
    expect([part.statusCode, part.headers["content-range"], await text(part)]).toEqual([206, "bytes 2-4/10", "234"]);
    expect((await call(`/${folder}/640.webp`, { headers: { range: "bytes=99-" } })).statusCode).toBe(416);
  });

  it("the website serves the index document of a folder, and ignores the query", async () => {
    expect(await text(await call(`/${folder}/`))).toBe("index");
    const query = "restype=container&comp=list&sig=x&snapshot=2020-01-01";
    expect(await text(await call(`/${folder}/640.webp?${query}`))).toBe("0123456789");
    expect(await text(await call(`/${folder}/?${query}`))).toBe("index");
  });

  it("the website serves no listing, no other container, no account and no missing blob", async () => {
    const container = service.getContainerClient(randomUUID());
    await container.create();
    await container.getBlockBlobClient("images/a").upload("secret", 6);
    const paths = [
      "/images/?restype=container&comp=list",
      `/images/..%2f..%2f${container.containerName}/images/a`,
      `/images/../../${container.containerName}/images/a`,
      `/images/%2e%2e/%2e%2e/${container.containerName}/images/a`,
      `/images/%252e%252e%252f${container.containerName}/images/a`,
      `/images/..%5c..%5c${container.containerName}/images/a`,
      `/${container.containerName}/images/a`,
      `/${folder}/640.WEBP`,
      `/${folder}`,
    ];
    for (const path of paths) {
      const response = await call(path);
      expect([path, response.statusCode]).toEqual([path, 404]);
      expect(await text(response)).not.toMatch(/secret|EnumerationResults|<\?xml/);
    }
    await container.delete();
  });

  it("the website takes no other method, so that no request changes it", async () => {
    for (const method of ["PUT", "POST", "DELETE", "PATCH", "OPTIONS"]) {
      const headers = { "x-ms-blob-type": "BlockBlob", authorization: "Bearer x", origin: "https://me.example" };
      const response = await call(`/${folder}/640.webp`, { method, headers });
      expect([method, response.statusCode, response.headers.allow]).toEqual([method, 405, "GET, HEAD"]);
      expect(response.headers).not.toHaveProperty("access-control-allow-origin");
    }
    expect(await text(await call(`/${folder}/640.webp`))).toBe("0123456789");
  });

  it("the app receives the host's own address as SITE_URL", async () => {
    expect(await text(await call("/api/setting?name=SITE_URL"))).toBe(`${host.url}/`);
  });

  it("the blob service of the website rejects a call without a token", async () => {
    expect((await fetch(`${SITE_BLOB_ENDPOINT}/$web/${folder}/640.webp`)).ok).toBe(false);
  });
});

it.each([
  ["/images/1/640.webp", "images/1/640.webp"],
  ["/images/1/640.webp?a=/../#b", "images/1/640.webp"],
  ["/images%2F1", "images/1"],
  ["/images/a%20%C3%BC%23.webp", "images/a%20%C3%BC%23.webp"],
  ["/images/", "images/index.html"],
  ["/images/a%2F..%2Fb", undefined],
  ["/images/a%00", undefined],
  ["/images/%zz", undefined],
])("websiteTarget maps %s to %s", (url, target) => {
  expect(websiteTarget(url)).toBe(target);
});
