// A picture is uploaded, its thumbnail appears, links show both, and nobody sees them without a link.

import { check, Fault, must, type Run } from "../check.ts";
import { describeResponse, jsonOf, mustHaveStatus } from "../response-shape.ts";

/** 16 by 16 pixels in four colours, 124 bytes. */
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAgMAAABinRfyAAAADFBMVEUetB7cHh4eHtz19fU3iy3wAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAFklEQVQI12MIDWVgYCCCWLXq/38iCABSfR/hdwMSBgAAAABJRU5ErkJggg==",
  "base64",
);
const LOOK_AGAIN_MS = 1000;
const LINK_S = 60;

type Image = { id: string; status: string; reason: string };
type Link = { url: string };
type Library = { readonly run: Run; readonly authorization: string };

async function upload({ run: { client }, authorization }: Library): Promise<string> {
  const body = new FormData();
  // The name tells whose it is, should it stay.
  body.set("file", new Blob([picture], { type: "image/png" }), `verify-${client.traceId}.png`);
  const answer = await client.call("/v1/images", { method: "POST", headers: { authorization }, body });
  const look = "401: the token and its issuer; 403: its role; 5xx: roles of the app on the container images";
  const { id } = jsonOf<Image>(answer, { status: 201, look });
  must(typeof id === "string", { expected: "the id of the image", received: describeResponse(answer), look });
  return id;
}

async function thumbnailOf({ run, authorization }: Library, id: string): Promise<void> {
  const until = performance.now() + run.thumbnailWithin;
  for (;;) {
    const answer = await run.client.call(`/v1/images/${id}`, { headers: { authorization } });
    const { status } = jsonOf<Image>(answer, { status: 200, look: "the table images" });
    if (status === "ready") return;
    if (status === "failed" || performance.now() >= until)
      throw new Fault({
        expected: `the image ${id} to be ready within ${run.thumbnailWithin / 1000} s`,
        received: `the status ${status}: ${describeResponse(answer)}`,
        look: "the event subscription, the log of the function thumbnail, and the poison queue",
      });
    await run.pause(LOOK_AGAIN_MS);
  }
}

async function open({ run: { client }, authorization }: Library, id: string, variant: string) {
  const answer = await client.call("/v1/sas", {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ imageId: id, variant, expiresIn: LINK_S }),
  });
  const { url } = jsonOf<Link>(answer, { status: 200, look: "the role Storage Blob Delegator of the app" });
  must(typeof url === "string" && URL.canParse(url), {
    expected: `a link to the ${variant}`,
    received: describeResponse(answer),
    look: "POST /v1/sas",
  });
  const blob = await client.call(url);
  mustHaveStatus(blob, { status: 200, look: "CDN_BASE_URL, and whether the storage account can be reached from here" });
  const { origin, pathname } = new URL(url);
  const closed = await client.call(`${origin}${pathname}`);
  must(closed.status >= 400, {
    expected: `${closed.what} without its signature to be refused`,
    received: describeResponse(closed),
    look: "public access of the storage account and its containers: it must be off",
  });
  return blob;
}

/** Nothing of a run should stay. A deployment whose API cannot delete says so by 405. */
async function remove({ run: { client }, authorization }: Library, id: string): Promise<string> {
  const { status } = await client.call(`/v1/images/${id}`, { method: "DELETE", headers: { authorization } });
  return status < 300 ? "removed" : `stays as ${id} (this API does not delete: ${status})`;
}

export const images = check({
  name: "images",
  needs: ["token"],
  async run(run, { token }) {
    const library = { run, authorization: `Bearer ${token}` };
    const began = performance.now();
    const id = await upload(library);
    const uploaded = performance.now();
    await thumbnailOf(library, id);
    const made = performance.now();
    const original = await open(library, id, "original");
    must(Buffer.compare(original.bytes, picture) === 0, {
      expected: "the original as it was uploaded",
      received: describeResponse(original),
      look: "what the link leads to: CDN_BASE_URL, a cache before it",
    });
    const thumbnail = await open(library, id, "thumbnail");
    must(thumbnail.headers.get("content-type") === "image/webp" && thumbnail.bytes.byteLength > 0, {
      expected: "a thumbnail of type image/webp",
      received: describeResponse(thumbnail),
      look: "the container thumbnails",
    });
    const times = [uploaded - began, made - uploaded, performance.now() - made].map((ms) => (ms / 1000).toFixed(1));
    return `upload ${times[0]} s, thumbnail ${times[1]} s, links ${times[2]} s; the picture ${await remove(library, id)}`;
  },
});
