// Signed links against Azurite, opened without authentication: what they permit and what they do not.
import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultProxy } from "../../../local/fault-proxy.fixture.ts";
import { createIssueLink, type LinkableImage } from "../../sas/issue-link.ts";
import { type ImageRecord, originalBlobName } from "../image.ts";
import { THUMBNAIL, variantBlobName } from "../image-variants.ts";
import { containers } from "../names.ts";
import { blobsUri, startBlobProxy } from "../test-services.fixture.ts";
import { createBlobService } from "./blob-service.ts";
import { createBlobContainer } from "./blobs.ts";
import { createCredential } from "./credential.ts";
import { createDelegationKeys } from "./delegation-keys.ts";
import { createLinkSigner } from "./link-signer.ts";

const credential = createCredential(undefined);
const direct = createBlobService(blobsUri, credential);
const originals = createBlobContainer(direct, containers.images);
const thumbnails = createBlobContainer(direct, containers.thumbnails);
const HOUR = 3_600_000;
let proxy: FaultProxy;
let image: Pick<ImageRecord, "owner" | "id" | "filename">;

beforeAll(async () => {
  proxy = await startBlobProxy();
});
afterAll(() => proxy.close());

/** Requests keys through the proxy, which counts them; links lead directly to the store. */
function open({ baseUrl = blobsUri, now = Date.now }: { baseUrl?: string | undefined; now?: () => number } = {}) {
  const service = createBlobService(proxy.url, credential);
  const keys = createDelegationKeys({ service, now });
  const issueLink = createIssueLink({ keys, sign: createLinkSigner(service, baseUrl), now });
  return (linked: LinkableImage, variant: string, seconds: number, isStable = false) =>
    issueLink(linked, variant, { seconds, isStable });
}
const headers = { contentType: "image/png", cacheControl: "no-store" };

beforeEach(async () => {
  image = { owner: "test-links", id: randomUUIDv7(), filename: "Zoë's 🖼️ (1)+2;a=b@c,d.png" };
  await originals.write(originalBlobName(image), { bytes: Buffer.from("original"), ...headers });
  await thumbnails.write(variantBlobName(image, THUMBNAIL), { bytes: Buffer.from("thumbnail"), ...headers });
});

describe("a signed link", () => {
  it.each(["original", "thumbnail"] as const)("a link opens the %s without authentication", async (variant) => {
    const { url } = await open()(image, variant, 60);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(variant);
    expect(response.headers.get("content-type")).toBe("image/png");
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  });

  it("a link states read permission, one blob and its expiry in the URL", async () => {
    const { url, expiresAt } = await open()(image, "original", 60);
    const { searchParams } = new URL(url);
    expect(searchParams.get("sp")).toBe("r");
    expect(searchParams.get("sr")).toBe("b");
    expect(Date.parse(searchParams.get("se") ?? "")).toBe(expiresAt);
  });

  it("a link opens no blob with the signature of another blob", async () => {
    const issue = open();
    const one = new URL((await issue(image, "original", 60)).url);
    const other = new URL((await issue(image, "thumbnail", 60)).url);
    [one.search, other.search] = [other.search, one.search];
    expect([(await fetch(one)).status, (await fetch(other)).status]).toEqual([403, 403]);
  });

  it.each<[string, (url: URL) => URL, RequestInit?]>([
    ["without a signature", (url) => new URL(url.pathname, url)],
    ["with a changed expiry", (url) => changed(url, "se", "2099-01-01T00:00:00Z")],
    ["with changed permissions", (url) => changed(url, "sp", "rw")],
    ["to write the blob", (url) => url, { method: "PUT", body: "x", headers: { "x-ms-blob-type": "BlockBlob" } }],
    ["to remove the blob", (url) => url, { method: "DELETE" }],
    ["to write metadata", (url) => changed(url, "comp", "metadata"), { method: "PUT" }],
  ])("a link is rejected %s", async (_, change, init = {}) => {
    const { url } = await open()(image, "original", 60);
    const { status } = await fetch(change(new URL(url)), init);
    expect([401, 403, 404]).toContain(status);
    expect((await originals.read(originalBlobName(image)))?.bytes.toString()).toBe("original");
  });

  it("a link does not list the container, with or without the signature", async () => {
    const { search } = new URL((await open()(image, "original", 60)).url);
    const list = `${blobsUri}/${containers.images}?restype=container&comp=list`;
    for (const address of [list, `${list}&${search.slice(1)}`])
      expect((await fetch(address)).status).toSatisfy((status) => [401, 403, 404].includes(status as number));
  });

  it("a link is rejected after its expiry", async () => {
    const past = () => Date.now() - 2 * HOUR;
    const { url, expiresAt } = await open({ now: past })(image, "original", 60);
    expect(expiresAt).toBeLessThan(Date.now());
    expect((await fetch(url)).status).toBe(403);
  });

  it("a link starts with the base URL, with or without its trailing slash", async () => {
    for (const baseUrl of ["https://media.example.com/m", "https://media.example.com/m/"]) {
      const { url } = await open({ baseUrl })(image, "thumbnail", 60);
      expect(url).toContain(`https://media.example.com/m/thumbnails/${variantBlobName(image, THUMBNAIL)}?sv=`);
    }
  });

  it("a link does not require https for a store on 127.0.0.1", async () => {
    expect(new URL((await open()(image, "original", 60)).url).searchParams.get("spr")).toBeNull();
  });

  it("two instances issue the same stable link during its window, which opens the image, and another one in the next window", async () => {
    const hour = Math.floor(Date.now() / HOUR) * HOUR;
    const later = Math.min(Date.now(), hour + HOUR - 1);
    const [early, late, next] = await Promise.all(
      [hour, later, hour - 1].map((at) => open({ now: () => at })(image, "original", 3_600, true)),
    );
    expect(late).toEqual(early);
    expect(next?.url).not.toBe(early?.url);
    expect(early?.expiresAt).toBe(hour + 2 * HOUR);
    expect(await (await fetch(early?.url ?? "")).text()).toBe("original");
  });

  it("signing a link needs no network call after the first key request", async () => {
    const issue = open();
    await issue(image, "original", 60);
    const before = proxy.calls();
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => issue(image, index % 2 ? "original" : "thumbnail", 60 + index)),
    );
    expect(proxy.calls()).toBe(before);
  });
});

function changed(url: URL, name: string, value: string): URL {
  url.searchParams.set(name, value);
  return url;
}
