// The images of the caller as this tab knows them: pages of the list, uploads, changes, and deletions that can be undone.
import { call } from "../account.ts";
import type { ApiError } from "../api-error.ts";
import type { Output } from "../operations.ts";
import { createStore } from "../store.ts";
import { pollPending } from "./poll-pending.ts";
import { createUploadQueue, type Upload } from "./upload-queue.ts";
import { uploadTransport } from "./upload-transport.ts";

export type Image = Output<"image-upload">;

/** Newest first. */
export const images = createStore<readonly Image[]>([]);
export const uploads = createStore<readonly Upload<Image>[]>([]);
/** Deleted in this tab, and not shown any more: the deletion may still be undone, or on its way. */
export const hidden = createStore<ReadonlySet<string>>(new Set());

/** Adds images, or replaces those with the same id. */
export function keep(added: readonly Image[]): void {
  const byId = new Map([...images.get(), ...added].map((image) => [image.id, image]));
  // An id is a UUIDv7: it begins with the time.
  images.set([...byId.values()].toSorted((one, other) => (one.id < other.id ? 1 : -1)));
}

export const forget = (id: string): void => images.set(images.get().filter((image) => image.id !== id));

export const uploadQueue = createUploadQueue<Image>({
  async send(file, onProgress, signal) {
    const form = new FormData();
    form.set("file", file);
    return (await call("image-upload", { body: form }, uploadTransport(onProgress, signal))).data;
  },
  onChange: (list) => uploads.set(list),
  onDone: (image) => keep([image]),
  wait: (seconds, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, seconds * 1000);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new Error("Cancelled."));
      });
    }),
});

/** Reads pending images again until their variants exist, while the window is visible. */
export const followPending = () =>
  pollPending({
    pending: () => images.get().filter(({ id, status }) => status === "pending" && !hidden.get().has(id)),
    subscribe: images.subscribe,
    async read({ id }) {
      try {
        keep([(await call("image-read", { params: { id } })).data as Image]);
      } catch (error) {
        // Deleted in another tab. Any other error: the next poll tries again.
        if ((error as ApiError).status === 404) forget(id);
      }
    },
  });
