// Asks before an action that cannot be undone.
import { useEffect, useRef } from "preact/hooks";
import { createStore, useStore } from "../store.ts";

type Question = {
  readonly title: string;
  readonly text: string;
  /** The button that does it, such as "Delete user". */
  readonly action: string;
};

const question = createStore<(Question & { readonly decide: (isConfirmed: boolean) => void }) | undefined>(undefined);

/** @returns whether the user confirmed; false also when they press Escape */
export function confirmAction(asked: Question): Promise<boolean> {
  question.get()?.decide(false);
  return new Promise((resolve) => {
    question.set({
      ...asked,
      decide(isConfirmed) {
        question.set(undefined);
        resolve(isConfirmed);
      },
    });
  });
}

export function ConfirmDialog() {
  const current = useStore(question);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (current) dialog.current?.showModal();
  }, [current]);
  if (!current) return null;
  const { action, decide, text, title } = current;
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" aria-describedby="confirm-text" onClose={() => decide(false)}>
      <h2 id="confirm-title">{title}</h2>
      <p id="confirm-text">{text}</p>
      <div class="actions end">
        <button type="button" class="button" onClick={() => decide(false)}>
          Cancel
        </button>
        <button type="button" class="button danger" onClick={() => decide(true)}>
          {action}
        </button>
      </div>
    </dialog>
  );
}
