// Blobs through the real client, against Azurite, directly and through a fault proxy.
import { randomUUID } from "node:crypto";
import { BlobServiceClient } from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Fault, FaultProxy } from "../../../local/fault-proxy.fixture.ts";
import { containers } from "../names.ts";
import { blobsUri, startBlobProxy } from "../test-services.fixture.ts";
import { checkContainer, createBlobService } from "./blob-service.ts";
import { type BlobContainer, createBlobContainer } from "./blobs.ts";
import { createCredential } from "./credential.ts";

const credential = createCredential(undefined);
const direct = createBlobContainer(createBlobService(blobsUri, credential), containers.images);
const sdk = new BlobServiceClient(blobsUri, credential).getContainerClient(containers.images);
let proxy: FaultProxy;
let images: BlobContainer;
let missing: BlobContainer;
let name: string;

beforeAll(async () => {
  proxy = await startBlobProxy();
  const service = createBlobService(proxy.url, credential);
  images = createBlobContainer(service, containers.images);
  missing = createBlobContainer(service, "no-such-container");
});
beforeEach(() => {
  proxy.decide(undefined);
  name = `tests/${randomUUID()}/Zoë's 🖼️ (1)+2;a=b@c,d.png`;
});
afterAll(() => proxy.close());

const blob = (text: string) => ({
  bytes: Buffer.from(text),
  contentType: "image/png",
  cacheControl: "private, max-age=1",
  metadata: { image: "1" },
});
const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE", headers: { "Retry-After": "5" } });

/** Injects a fault into the first `times` requests of a method. */
function fail(method: string, fault: Fault, times = 1) {
  let left = times;
  proxy.decide((request) => (request.method === method && left-- > 0 ? fault : undefined));
}

describe("a blob container", () => {
  it("returns a blob as written, with its headers, for a name with special characters", async () => {
    const etag = await images.write(name, blob("one"));
    expect(await images.read(name)).toEqual({ bytes: Buffer.from("one"), etag });
    expect(await images.etag(name)).toBe(etag);
    expect(await sdk.getBlobClient(name).getProperties()).toMatchObject({
      contentType: "image/png",
      cacheControl: "private, max-age=1",
      metadata: { image: "1" },
    });
  });

  it("stores an empty blob", async () => {
    await images.write(name, blob(""));
    expect((await images.read(name))?.bytes).toEqual(Buffer.alloc(0));
  });

  it("returns a new ETag when a blob is replaced", async () => {
    const first = await images.write(name, blob("one"));
    expect(await images.write(name, blob("two"))).not.toBe(first);
    expect((await images.read(name))?.bytes.toString()).toBe("two");
  });

  it("write with once throws CONFLICT for an existing blob and keeps it", async () => {
    await images.write(name, blob("one"), { once: true });
    await expect(images.write(name, blob("two"), { once: true })).rejects.toMatchObject({
      code: "CONFLICT",
      cause: { statusCode: 409 },
    });
    expect((await images.read(name))?.bytes.toString()).toBe("one");
  });

  it("read and etag return undefined for an unknown blob, and remove succeeds", async () => {
    expect(await images.read(name)).toBeUndefined();
    expect(await images.etag(name)).toBeUndefined();
    await images.remove(name);
    await images.write(name, blob("one"));
    await images.remove(name);
    await images.remove(name);
    expect(await images.etag(name)).toBeUndefined();
  });
});

describe("list and remove", () => {
  it("list returns the names that begin with the prefix, and remove with an ETag only that version", async () => {
    const old = await images.write(name, blob("one"));
    const current = await images.write(name, blob("two"));
    expect(await images.list(name.slice(0, -1))).toEqual([name]);
    expect(await images.list(`${name}/`)).toEqual([]);
    await images.remove(name, { etag: old });
    expect(await images.etag(name)).toBe(current);
    await images.remove(name, { etag: current });
    expect(await images.list(name)).toEqual([]);
  });
});

describe("a missing container", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["reading", () => missing.read("a/b/c")],
    ["reading an ETag", () => missing.etag("a/b/c")],
    ["writing", () => missing.write("a/b/c", blob("x"))],
    ["writing once", () => missing.write("a/b/c", blob("x"), { once: true })],
    ["removing", () => missing.remove("a/b/c")],
    ["listing", () => missing.list("a/")],
  ])("a missing container throws DEPENDENCY_UNAVAILABLE: %s", async (_, call) => {
    await expect(call()).rejects.toEqual(unavailable);
  });
});

describe("store errors", () => {
  it.each<[string, Fault]>([
    ["refuses", { kind: "drop" }],
    ["resets the connection before the request arrives", { kind: "reset-before" }],
    ["resets the connection after the request is applied", { kind: "reset-after" }],
    ["returns 503", { kind: "status", status: 503 }],
  ])("every method retries when the store %s", async (_, fault) => {
    fail("PUT", fault);
    await images.write(name, blob("one"));
    fail("GET", fault);
    expect((await images.read(name))?.bytes.toString()).toBe("one");
    fail("HEAD", fault);
    expect(await images.etag(name)).toBeDefined();
    fail("DELETE", fault);
    await images.remove(name);
    expect(await direct.etag(name)).toBeUndefined();
  });

  it("write with once throws CONFLICT when its first response is lost", async () => {
    fail("PUT", { kind: "reset-after" });
    await expect(images.write(name, blob("one"), { once: true })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await direct.read(name))?.bytes.toString()).toBe("one");
  });

  it.each<[string, (container: BlobContainer) => Promise<unknown>]>([
    ["read", (container) => container.read(name)],
    ["etag", (container) => container.etag(name)],
    ["write", (container) => container.write(name, blob("x"))],
    ["remove", (container) => container.remove(name)],
    ["list", (container) => container.list(name)],
  ])("%s throws DEPENDENCY_UNAVAILABLE when the store is down or returns 403", async (_, call) => {
    proxy.decide(() => ({ kind: "status", status: 403 }));
    await expect(call(images)).rejects.toEqual(unavailable);
    proxy.decide(() => ({ kind: "drop" }));
    await expect(call(images)).rejects.toEqual(unavailable);
  });

  it("write with once throws DEPENDENCY_UNAVAILABLE for a 409 without an error code", async () => {
    proxy.decide(() => ({ kind: "status", status: 409 }));
    await expect(images.write(name, blob("x"), { once: true })).rejects.toEqual(unavailable);
  });
});

it("checkContainer resolves for an existing container and rejects for a missing one", async () => {
  const service = createBlobService(blobsUri, credential);
  for (const container of Object.values(containers))
    await checkContainer(service, container, AbortSignal.timeout(30_000));
  const check = checkContainer(service, "no-such-container", AbortSignal.timeout(30_000));
  await expect(check).rejects.toMatchObject({ statusCode: 404 });
});
