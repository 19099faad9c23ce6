// Links that make this browser stop or start counting on the owner's page. The page's own script keeps the choice.
import { useState } from "preact/hooks";
import { Field } from "../ui/field.tsx";

const storageKey = (page: string) => `vitae-page-${page}`;

/** @returns the address without its fragment; undefined if it is no web address */
export function pageAddress(text: string): string | undefined {
  const url = URL.parse(text.trim());
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  url.hash = "";
  return url.href;
}

export function OwnerLinks({ page }: { page: string }) {
  const [text, setText] = useState<{ page: string; value: string }>();
  const value = text?.page === page ? text.value : (localStorage.getItem(storageKey(page)) ?? "");
  const address = pageAddress(value);
  const change = (next: string) => {
    setText({ page, value: next });
    localStorage.setItem(storageKey(page), next);
  };
  return (
    <section class="panel" aria-labelledby="own-visits">
      <h2 id="own-visits">Your own visits</h2>
      <p class="hint">
        Open a link in each browser that you use. The page remembers the choice in that browser, without a cookie.
      </p>
      <Field label="Address of the page" hint="Kept in this browser only.">
        {(attributes) => (
          <input
            {...attributes}
            type="url"
            value={value}
            placeholder="https://example.com/"
            onInput={({ currentTarget }) => change(currentTarget.value)}
          />
        )}
      </Field>
      {address !== undefined && (
        <div class="actions">
          <a class="button" href={`${address}#vitae-owner`} target="_blank" rel="noopener noreferrer">
            Do not count me
          </a>
          <a class="button" href={`${address}#vitae-visitor`} target="_blank" rel="noopener noreferrer">
            Count me again
          </a>
        </div>
      )}
    </section>
  );
}
