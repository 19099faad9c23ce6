// Blobs through the real client, against Azurite, and against an Azurite whose answers get lost.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadCertificate } from "../../../local/certificate.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../../../local/fault-proxy.fixture.ts";
import { containers } from "../names.ts";
import { type BlobContainer, checkContainer, createBlobContainer, createBlobService } from "./blobs.ts";
import { createCredential } from "./credential.ts";

const uri = process.env.MEDIA__blobServiceUri as string;
const credential = createCredential(undefined);
const direct = createBlobContainer(createBlobService(uri, credential), containers.images);
const sdk = new BlobServiceClient(uri, credential).getContainerClient(containers.images);
let proxy: FaultProxy;
let images: BlobContainer;
let absent: BlobContainer;
let name: string;

beforeAll(async () => {
  const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
  proxy = await startFaultProxy({ target: uri, certificate });
  const service = createBlobService(proxy.url, credential);
  images = createBlobContainer(service, containers.images);
  absent = createBlobContainer(service, "no-such-container");
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

/** Misbehaves on the first `times` requests of a method. */
function fail(method: string, fault: Fault, times = 1) {
  let left = times;
  proxy.decide((request) => (request.method === method && left-- > 0 ? fault : undefined));
}

describe("a blob", () => {
  it("is read as it was written, with its headers, whatever its name holds", async () => {
    const etag = await images.write(name, blob("one"));
    expect(await images.read(name)).toEqual({ bytes: Buffer.from("one"), etag });
    expect(await images.etag(name)).toBe(etag);
    expect(await sdk.getBlobClient(name).getProperties()).toMatchObject({
      contentType: "image/png",
      cacheControl: "private, max-age=1",
      metadata: { image: "1" },
    });
  });

  it("may be empty", async () => {
    await images.write(name, blob(""));
    expect((await images.read(name))?.bytes).toEqual(Buffer.alloc(0));
  });

  it("that is replaced has another ETag", async () => {
    const first = await images.write(name, blob("one"));
    expect(await images.write(name, blob("two"))).not.toBe(first);
    expect((await images.read(name))?.bytes.toString()).toBe("two");
  });

  it("that may be written once is not replaced: CONFLICT", async () => {
    await images.write(name, blob("one"), { once: true });
    await expect(images.write(name, blob("two"), { once: true })).rejects.toMatchObject({
      code: "CONFLICT",
      cause: { statusCode: 409 },
    });
    expect((await images.read(name))?.bytes.toString()).toBe("one");
  });

  it("that is not there is undefined, and removing it is no error", async () => {
    expect(await images.read(name)).toBeUndefined();
    expect(await images.etag(name)).toBeUndefined();
    await images.remove(name);
    await images.write(name, blob("one"));
    await images.remove(name);
    await images.remove(name);
    expect(await images.etag(name)).toBeUndefined();
  });
});

describe("a container that is not there", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["reading", () => absent.read("a/b/c")],
    ["asking for an ETag", () => absent.etag("a/b/c")],
    ["writing", () => absent.write("a/b/c", blob("x"))],
    ["writing once", () => absent.write("a/b/c", blob("x"), { once: true })],
    ["removing", () => absent.remove("a/b/c")],
  ])("is not taken for a blob that is gone: %s", async (_, call) => {
    await expect(call()).rejects.toEqual(unavailable);
  });
});

describe("a store in trouble", () => {
  it.each<[string, Fault]>([
    ["refuses", { kind: "drop" }],
    ["resets before it sees the request", { kind: "reset-before" }],
    ["resets after it did what was asked", { kind: "reset-after" }],
    ["answers 503", { kind: "status", status: 503 }],
  ])("is asked again when it %s", async (_, fault) => {
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

  it("that loses the answer of a write-once says CONFLICT, for only the caller knows whether the name is its own", async () => {
    fail("PUT", { kind: "reset-after" });
    await expect(images.write(name, blob("one"), { once: true })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await direct.read(name))?.bytes.toString()).toBe("one");
  });

  it.each<[string, (container: BlobContainer) => Promise<unknown>]>([
    ["read", (container) => container.read(name)],
    ["etag", (container) => container.etag(name)],
    ["write", (container) => container.write(name, blob("x"))],
    ["remove", (container) => container.remove(name)],
  ])("is DEPENDENCY_UNAVAILABLE when it stays away or forbids: %s", async (_, call) => {
    proxy.decide(() => ({ kind: "status", status: 403 }));
    await expect(call(images)).rejects.toEqual(unavailable);
    proxy.decide(() => ({ kind: "drop" }));
    await expect(call(images)).rejects.toEqual(unavailable);
  });

  it("forbidding with 409 is not taken for a blob that exists", async () => {
    proxy.decide(() => ({ kind: "status", status: 409 }));
    await expect(images.write(name, blob("x"), { once: true })).rejects.toEqual(unavailable);
  });
});

it("a container answers for itself, and one that was never made does not", async () => {
  const service = createBlobService(uri, credential);
  for (const container of Object.values(containers))
    await checkContainer(service, container, AbortSignal.timeout(30_000));
  const asked = checkContainer(service, "no-such-container", AbortSignal.timeout(30_000));
  await expect(asked).rejects.toMatchObject({ statusCode: 404 });
});
