// A table that scrolls by itself where the window is too narrow.
import type { ComponentChildren } from "preact";

type TableProps = {
  caption: string;
  head: readonly string[];
  /** Columns of numbers, by index. */
  numbers?: readonly number[];
  children: ComponentChildren;
};

export function Table({ caption, head, numbers = [], children }: TableProps) {
  return (
    // A scrolling region must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
    <section class="table-scroll" aria-label={`Table: ${caption}`} tabIndex={0}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {head.map((name, index) => (
              <th key={name} scope="col" class={numbers.includes(index) ? "number" : undefined}>
                {name === "Actions" ? <span class="hidden">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
