// Deletes an image eight seconds after the click, so that it can be undone without the server.
import { call, session } from "../account.ts";
import { showToast } from "../ui/toasts.tsx";
import { forget, hidden, type Image } from "./library.ts";

const UNDO_MS = 8_000;

/** Deletions that wait, with the token for the case that the page closes. */
const waiting = new Map<
  string,
  { readonly timer: ReturnType<typeof setTimeout>; readonly token: string | undefined }
>();

const setHidden = (id: string, isHidden: boolean) =>
  hidden.set(isHidden ? new Set([...hidden.get(), id]) : new Set([...hidden.get()].filter((each) => each !== id)));

async function send({ id, filename }: Image): Promise<void> {
  waiting.delete(id);
  try {
    await call("image-delete", { params: { id } });
    forget(id);
  } catch (error) {
    showToast(`${filename} could not be deleted. ${(error as Error).message}`);
  }
  setHidden(id, false);
}

export async function deleteImage(image: Image): Promise<void> {
  const { filename, id } = image;
  // Read now: when the page closes, nothing asynchronous runs any more.
  const token = await session.accessToken();
  const undo = () => {
    removeToast();
    clearTimeout(waiting.get(id)?.timer);
    // Else it was sent already.
    if (waiting.delete(id)) setHidden(id, false);
  };
  const removeToast = showToast(`${filename} deleted.`, { action: { label: "Undo", run: undo }, forMs: UNDO_MS });
  waiting.set(id, { timer: setTimeout(() => void send(image), UNDO_MS), token });
  setHidden(id, true);
}

/** When the page closes, the deletions that wait are sent at once. */
export function deleteOnClose(): void {
  addEventListener("pagehide", () => {
    for (const [id, { timer, token }] of waiting) {
      clearTimeout(timer);
      const headers = { Authorization: `Bearer ${token}` };
      void fetch(`/api/v1/images/${id}`, { method: "DELETE", headers, keepalive: true });
    }
    waiting.clear();
  });
}
