// A table. On a phone, one of more than three columns shows each row as a list; any other scrolls by itself.
import type { ComponentChildren } from "preact";

type TableProps = {
  caption: string;
  head: readonly string[];
  /** Columns of numbers, by index. */
  numbers?: readonly number[];
  children: ComponentChildren;
};

export function Table({ caption, head, numbers = [], children }: TableProps) {
  // The style sheet writes each before the cells of its column. Buttons need none.
  const labels = head.map((name, index) => [`--head-${index + 1}`, name === "Actions" ? "none" : JSON.stringify(name)]);
  return (
    <section
      class={`table-scroll ${head.length > 3 ? "lists" : ""}`}
      aria-label={`Table: ${caption}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      style={Object.fromEntries(labels)}
    >
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
