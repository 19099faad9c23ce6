// The image library as its owner uses it: upload, wait, link.
import { type Image, json, type Link } from "./responses.fixture.ts";

export type Library = {
  /** Any call with the owner's token. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** As a raw body, or as the field `file` of a form when a name is given. */
  upload(bytes: Uint8Array, name?: string): Promise<Response>;
  read(id: string): Promise<Image>;
  /** The record once it is ready or failed. */
  settled(id: string): Promise<Image>;
  link(imageId: string, variant: "original" | "thumbnail", expiresIn?: number): Promise<Link>;
};

const PAUSE_MS = 50;
const PATIENCE_MS = 30_000;

export function openLibrary(api: string, token: string): Library {
  const call: Library["call"] = (path, init = {}) =>
    fetch(`${api}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
  const read = (id: string) => json<Image>(call(`/v1/images/${id}`));
  return {
    call,
    read,
    upload(bytes, name) {
      const body = new Uint8Array(bytes);
      if (name === undefined)
        return call("/v1/images", { method: "POST", body, headers: { "content-type": "image/png" } });
      const form = new FormData();
      form.set("file", new Blob([body]), name);
      return call("/v1/images", { method: "POST", body: form });
    },
    async settled(id) {
      const until = performance.now() + PATIENCE_MS;
      for (;;) {
        const record = await read(id);
        if (record.status === "ready" || record.status === "failed") return record;
        if (performance.now() > until) throw new Error(`The image ${id} is still ${record.status}`);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    },
    link: (imageId, variant, expiresIn) =>
      json(
        call("/v1/sas", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ imageId, variant, ...(expiresIn !== undefined && { expiresIn }) }),
        }),
      ),
  };
}
