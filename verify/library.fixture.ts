// Client of the image API for one caller: upload, wait for the thumbnail, create links.
import { type Image, json, type Link } from "./responses.fixture.ts";

export type Library = {
  /** A request with the caller's token. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /**
   * Sends the field `file` of a form when a name is given, and a raw body otherwise.
   * @param query such as "?optimize=false"
   */
  upload(bytes: Uint8Array, name?: string, query?: string): Promise<Response>;
  read(id: string): Promise<Image>;
  /** Waits until the image is ready or failed and returns its record. */
  settled(id: string): Promise<Image>;
  link(imageId: string, variant: string, expiresIn?: number): Promise<Link>;
};

const POLL_MS = 50;
const TIMEOUT_MS = 120_000;

export function openLibrary(api: string, token: string): Library {
  const call: Library["call"] = (path, init = {}) =>
    fetch(`${api}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
  const read = (id: string) => json<Image>(call(`/v1/images/${id}`));
  return {
    call,
    read,
    upload(bytes, name, query = "") {
      const body = new Uint8Array(bytes);
      if (name === undefined)
        return call(`/v1/images${query}`, { method: "POST", body, headers: { "content-type": "image/png" } });
      const form = new FormData();
      form.set("file", new Blob([body]), name);
      return call(`/v1/images${query}`, { method: "POST", body: form });
    },
    async settled(id) {
      const until = performance.now() + TIMEOUT_MS;
      for (;;) {
        const record = await read(id);
        if (record.status === "ready" || record.status === "failed") return record;
        if (performance.now() > until)
          throw new Error(`The image ${id} is still ${record.status} after ${TIMEOUT_MS} ms`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    async link(imageId, variant, expiresIn) {
      const response = await call("/v1/sas", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ imageId, variant, ...(expiresIn !== undefined && { expiresIn }) }),
      });
      if (!response.ok) throw new Error(`No link was created: ${response.status} ${await response.text()}`);
      return json<Link>(response);
    },
  };
}
