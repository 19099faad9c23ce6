// /media: signed links work, and nothing else of the account can be reached.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { DefaultAzureCredential } from "@azure/identity";
import {
  BlobSASPermissions,
  BlobServiceClient,
  type ContainerClient,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import { beforeAll, expect, test } from "vitest";
import { start } from "./host.fixture.ts";

const { MEDIA__blobServiceUri: target = "", NODE_EXTRA_CA_CERTS = "" } = process.env;
const media = { target, ca: readFileSync(NODE_EXTRA_CA_CERTS, "utf8") };
const service = new BlobServiceClient(target, new DefaultAzureCredential());
const NAME = "ada/1/ü b.txt";
let container: ContainerClient;

beforeAll(async () => {
  container = service.getContainerClient(randomUUID());
  await container.create();
  await container.getBlockBlobClient(NAME).upload("0123456789", 10);
});

const startMedia = (cors: string[] = []) => start("basic", { media, cors });

/** A signed link through the host. */
async function createLink(url: string, name: string, permissionLetters: string, lifetimeMs = 60_000): Promise<string> {
  const [startsOn, expiresOn] = [new Date(Date.now() - 60_000), new Date(Date.now() + lifetimeMs)];
  const key = await service.getUserDelegationKey(startsOn, new Date(Date.now() + 60_000));
  const permissions = BlobSASPermissions.parse(permissionLetters);
  const { containerName } = container;
  const query = generateBlobSASQueryParameters(
    { containerName, blobName: name, permissions, startsOn, expiresOn },
    key,
    service.accountName,
  );
  return `${container.getBlobClient(name).url.replace(target, `${url}/media`)}?${query}`;
}

function call(url: string, options: RequestOptions, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, options).on("response", resolve).on("error", reject).end(body);
  });
}

test("a read link serves GET, HEAD and ranges", async () => {
  const { url } = await startMedia();
  const href = await createLink(url, NAME, "r");
  expect(await (await fetch(href)).text()).toBe("0123456789");
  const head = await fetch(href, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), head.headers.has("etag")]).toEqual([200, "10", true]);
  const range = await fetch(href, { headers: { range: "bytes=2-4" } });
  expect([range.status, range.headers.get("content-range"), await range.text()]).toEqual([206, "bytes 2-4/10", "234"]);
});

test("a create link stores the uploaded blob", async () => {
  const { url } = await startMedia();
  const href = await createLink(url, "put.txt", "cw");
  const headers = { "x-ms-blob-type": "BlockBlob", "content-type": "text/plain" };
  expect((await fetch(href, { method: "PUT", headers, body: "stored" })).status).toBe(201);
  const blob = container.getBlobClient("put.txt");
  expect((await blob.downloadToBuffer()).toString()).toBe("stored");
  expect((await blob.getProperties()).contentType).toBe("text/plain");
});

test("a read link is rejected without its signature, after its expiry, for another blob and for a write", async () => {
  const { url } = await startMedia();
  const href = await createLink(url, NAME, "r");
  const { search } = new URL(href);
  const headers = { "x-ms-blob-type": "BlockBlob" };
  const rejected = await Promise.all([
    fetch(href.replace(search, "")),
    fetch(await createLink(url, NAME, "r", -1000)),
    fetch(`${url}/media/${container.containerName}/another${search}`),
    fetch(href, { method: "PUT", headers, body: "changed" }),
  ]);
  for (const { status, ok } of rejected) expect([ok, status >= 400 && status < 500]).toEqual([false, true]);
});

test("the client's token does not reach the store", async () => {
  const { url } = await startMedia();
  const { token } = await new DefaultAzureCredential().getToken("https://storage.azure.com/.default");
  const { pathname } = new URL(await createLink(url, NAME, "r"));
  const headers = { authorization: `Bearer ${token}`, "x-ms-version": "2021-12-02" };
  expect((await fetch(`${url}${pathname}`, { headers })).ok).toBe(false);
});

test("other methods get 405, and paths that name no blob get 404", async () => {
  const { url, port } = await startMedia();
  for (const method of ["POST", "DELETE", "PATCH"]) {
    const response = await fetch(await createLink(url, NAME, "rwd"), { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, PUT"]);
  }
  const { containerName } = container;
  for (const path of [
    `/media/${containerName}/../../x/a`,
    `/media/${containerName}/%2e%2e/a`,
    `/media/${containerName}?restype=container&comp=list`,
    "/media/",
  ]) {
    expect([path, (await call(url, { port, path })).statusCode]).toEqual([path, 404]);
  }
});

test("/media applies the CORS rule of the media account instead of the platform's policy", async () => {
  const { url } = await startMedia(["https://me.example"]);
  const href = await createLink(url, NAME, "r");
  const origin = "https://me.example";
  const preflight = await call(href, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "PUT", "access-control-request-headers": "x-ms-blob-type" },
  });
  expect([preflight.statusCode, preflight.headers["access-control-allow-headers"]]).toEqual([200, "x-ms-blob-type"]);
  const rejected = await call(href, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "DELETE" },
  });
  expect(rejected.statusCode).toBe(403);
  const { headers } = await call(href, { headers: { origin } });
  expect(headers["access-control-allow-origin"]).toBe(origin);
  expect(headers["access-control-expose-headers"]).toBe("ETag,x-ms-request-id");
});

test("the app receives the address of /media as CDN_BASE_URL, unless its settings have one", async () => {
  const { url } = await startMedia();
  expect(await (await fetch(`${url}/api/setting?name=CDN_BASE_URL`)).text()).toBe(`${url}/media`);
  const own = await start("basic", { media, env: { CDN_BASE_URL: "https://cdn.example" } });
  expect(await (await fetch(`${own.url}/api/setting?name=CDN_BASE_URL`)).text()).toBe("https://cdn.example");
});

test("a large blob is streamed unchanged", async () => {
  const { url } = await startMedia();
  const bytes = Buffer.alloc(8 * 1024 * 1024, "0123456789abcdef");
  await container.getBlockBlobClient("large").upload(bytes, bytes.length);
  expect((await buffer(await call(await createLink(url, "large", "r"), {}))).equals(bytes)).toBe(true);
});
