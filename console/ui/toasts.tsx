// Short messages at the edge of the window, some with a button.
import { createStore, useStore } from "../store.ts";

export type Toast = {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
};

const toasts = createStore<readonly Toast[]>([]);
let count = 0;

/** @returns a function that removes it */
export function showToast(text: string, { action, forMs = 5_000 }: { action?: Toast["action"]; forMs?: number } = {}) {
  count += 1;
  const id = count;
  const remove = () => toasts.set(toasts.get().filter((each) => each.id !== id));
  toasts.set([...toasts.get(), { id, text, action }]);
  setTimeout(remove, forMs);
  return remove;
}

export function Toasts() {
  const list = useStore(toasts);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {list.map(({ id, text, action }) => (
        <div class="toast" key={id}>
          <span>{text}</span>
          {action && (
            <button type="button" class="button small" onClick={action.run}>
              {action.label}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
