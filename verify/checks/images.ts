// An uploaded image gets its thumbnail; both open by links, and not without them.
import { crc32 } from "node:zlib";
import { type CheckContext, check } from "../check.ts";
import { CheckFailure, must } from "../check-failure.ts";
import { describeResponse, jsonOf, mustHaveStatus } from "../response-shape.ts";

/** 16 by 16 pixels in four colours, 103 bytes: it has no metadata and cannot become smaller, so it is stored unchanged. */
const template = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAgMAAABinRfyAAAADFBMVEUetB7cHh4eHtz19fU3iy3wAAAAFklEQVQI12MIDWVgYCCCWLXq/38iCABSfR/hdwMSBgAAAABJRU5ErkJggg==",
  "base64",
);
/** The length of the palette, then its name, its 12 bytes and their checksum. */
const PALETTE = template.indexOf("PLTE") - 4;

/** In colours of its own, so that it is a new image and not the one of an earlier check. */
function newImage(traceId: string): Buffer<ArrayBuffer> {
  const image = Buffer.from(template);
  image.write(traceId, PALETTE + 8, 12, "hex");
  image.writeUInt32BE(crc32(image.subarray(PALETTE + 4, PALETTE + 20)), PALETTE + 20);
  return image;
}

const POLL_MS = 1000;
const LINK_S = 60;

type ImageRecord = { id: string; status: string; reason: string };
type Link = { url: string };
type Library = { readonly context: CheckContext; readonly authorization: string };

async function upload({ context: { client }, authorization }: Library, image: Buffer<ArrayBuffer>): Promise<string> {
  const body = new FormData();
  // The name identifies an image that is not removed.
  body.set("file", new Blob([image], { type: "image/png" }), `verify-${client.traceId}.png`);
  const response = await client.call("/v1/images", {
    method: "POST",
    headers: { authorization },
    body,
  });
  const look = "401: the token and its issuer; 403: its role; 5xx: roles of the app on the container images";
  const { id } = jsonOf<ImageRecord>(response, { status: 201, look });
  must(typeof id === "string", { expected: "the id of the image", received: describeResponse(response), look });
  return id;
}

async function thumbnailOf({ context, authorization }: Library, id: string): Promise<void> {
  const deadline = performance.now() + context.thumbnailTimeout;
  for (;;) {
    const response = await context.client.call(`/v1/images/${id}`, { headers: { authorization } });
    const { status } = jsonOf<ImageRecord>(response, { status: 200, look: "the table images" });
    if (status === "ready") return;
    if (status === "failed" || performance.now() >= deadline)
      throw new CheckFailure({
        expected: `the image ${id} to be ready within ${context.thumbnailTimeout / 1000} s`,
        received: `the status ${status}: ${describeResponse(response)}`,
        look: "the event subscription, the log of the function thumbnail, and the poison queue",
      });
    await context.pause(POLL_MS);
  }
}

async function open({ context: { client }, authorization }: Library, id: string, variant: string) {
  const response = await client.call("/v1/sas", {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ imageId: id, variant, expiresIn: LINK_S }),
  });
  const { url } = jsonOf<Link>(response, { status: 200, look: "the app's role Storage Blob Delegator" });
  must(typeof url === "string" && URL.canParse(url), {
    expected: `a link to the ${variant}`,
    received: describeResponse(response),
    look: "POST /v1/sas",
  });
  const blob = await client.call(url);
  mustHaveStatus(blob, { status: 200, look: "CDN_BASE_URL, and whether the storage account is reachable from here" });
  const { origin, pathname } = new URL(url);
  const unsigned = await client.call(`${origin}${pathname}`);
  must(unsigned.status >= 400, {
    expected: `${unsigned.what} without its signature to be rejected`,
    received: describeResponse(unsigned),
    look: "public access of the storage account and its containers, which must be off",
  });
  return blob;
}

/** Deletes the image. An API without a route for it returns 405. */
async function remove({ context: { client }, authorization }: Library, id: string): Promise<string> {
  const { status } = await client.call(`/v1/images/${id}`, { method: "DELETE", headers: { authorization } });
  return status < 300 ? "removed" : `remains as ${id} (this API does not delete images: ${status})`;
}

export const images = check({
  name: "images",
  needs: ["token"],
  async run(context, { token }) {
    const library = { context, authorization: `Bearer ${token}` };
    const start = performance.now();
    const image = newImage(context.client.traceId);
    const id = await upload(library, image);
    const uploaded = performance.now();
    await thumbnailOf(library, id);
    const rendered = performance.now();
    const original = await open(library, id, "original");
    must(Buffer.compare(original.bytes, image) === 0, {
      expected: "the original with the uploaded bytes",
      received: describeResponse(original),
      look: "the host of the link: CDN_BASE_URL, a cache before it",
    });
    const thumbnail = await open(library, id, "thumbnail");
    must(thumbnail.headers.get("content-type") === "image/webp" && thumbnail.bytes.byteLength > 0, {
      expected: "a thumbnail of type image/webp",
      received: describeResponse(thumbnail),
      look: "the container thumbnails",
    });
    const times = [uploaded - start, rendered - uploaded, performance.now() - rendered].map((ms) =>
      (ms / 1000).toFixed(1),
    );
    return `upload ${times[0]} s, thumbnail ${times[1]} s, links ${times[2]} s; image ${await remove(library, id)}`;
  },
});
