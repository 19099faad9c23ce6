// Upload links against Azurite, used without authentication: they create one blob once, and permit nothing else.
import { randomUUIDv7 } from "node:crypto";
import { beforeEach, expect, it } from "vitest";
import { createBlobService } from "../lib/azure/blob-service.ts";
import { createBlobContainer } from "../lib/azure/blobs.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createDelegationKeys } from "../lib/azure/delegation-keys.ts";
import { createLinkSigner } from "../lib/azure/link-signer.ts";
import { uploadBlobName } from "../lib/image.ts";
import { containers } from "../lib/names.ts";
import { blobsUri } from "../lib/test-services.fixture.ts";
import { createIssueUploadLink } from "./issue-upload-link.ts";

const service = createBlobService(blobsUri, createCredential(undefined));
const staged = createBlobContainer(service, containers.uploads);
const sign = createLinkSigner(service, undefined);
const issue = (now = Date.now) => createIssueUploadLink({ keys: createDelegationKeys({ service, now }), sign, now });
const text = async (name: string) => {
  const properties = await staged.properties(name);
  return properties && String(await staged.readUnchanged(name, properties));
};
const put = (url: string | URL, body = "image") =>
  fetch(url, { method: "PUT", body, headers: { "x-ms-blob-type": "BlockBlob", "Content-Type": "image/png" } });
let upload: { owner: string; id: string };
let name: string;
beforeEach(() => {
  upload = { owner: "test-upload-links", id: randomUUIDv7() };
  name = uploadBlobName(upload);
});

it("an upload link creates its blob once, and a second upload changes nothing", async () => {
  const { url, expiresAt } = await issue()(upload);
  const { searchParams } = new URL(url);
  expect([searchParams.get("sp"), searchParams.get("sr")]).toEqual(["c", "b"]);
  expect(Date.parse(searchParams.get("se") ?? "")).toBe(expiresAt);
  expect((await put(url)).status).toBe(201);
  expect((await put(url, "other")).status).toBe(403);
  expect(await text(name)).toBe("image");
});

it.each<[string, (url: URL) => URL, RequestInit?]>([
  ["read", (url) => url],
  ["read the properties", (url) => url, { method: "HEAD" }],
  ["remove", (url) => url, { method: "DELETE" }],
  ["write a block", (url) => query(url, { comp: "block", blockid: "AAAA" }), { method: "PUT", body: "x" }],
  ["write the block list", (url) => query(url, { comp: "blocklist" }), { method: "PUT", body: "<BlockList/>" }],
  ["write the metadata", (url) => query(url, { comp: "metadata" }), { method: "PUT", headers: { "x-ms-meta-a": "b" } }],
  ["list the container", (url) => query(new URL(url.href.replace(/\/[^/]+\/[^/?]+\?/, "?")), LIST)],
])("an upload link does not permit to %s", async (_, change, init = {}) => {
  const { url } = await issue()(upload);
  await put(url);
  const response = await fetch(change(new URL(url)), init);
  expect(response.status).toBe(403);
  expect(await text(name)).toBe("image");
});

it.each(["uploads/test-upload-links/other", "images/test-upload-links/other/a.png"])(
  "an upload link does not write to %s",
  async (elsewhere) => {
    const url = new URL((await issue()(upload)).url);
    url.pathname = url.pathname.replace(`${containers.uploads}/${name}`, elsewhere);
    expect((await put(url)).status).toBe(403);
    const [container = "", ...rest] = elsewhere.split("/");
    expect(await createBlobContainer(service, container).etag(rest.join("/"))).toBeUndefined();
  },
);

it("an upload link is rejected after ten minutes", async () => {
  const { url, expiresAt } = await issue(() => Date.now() - 11 * 60_000)(upload);
  expect(expiresAt).toBeLessThan(Date.now());
  expect((await put(url)).status).toBe(403);
  expect(await staged.etag(name)).toBeUndefined();
});

const LIST = { restype: "container", comp: "list" };
function query(url: URL, parameters: Record<string, string>): URL {
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
  return url;
}
