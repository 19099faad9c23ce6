// Copies a text, and reports whether that worked.
import { showToast } from "./toasts.tsx";

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showToast(`${what} copied.`);
  } catch {
    // Without permission, or while the window has no focus.
    showToast(`${what} could not be copied: select it in its field, and copy it from there.`);
  }
}
