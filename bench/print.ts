// Plain tables on standard output: words to the left, numbers to the right.

export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const isNumeric = header.map((_, column) => rows.every((row) => /^[-\d]/.test(row[column] ?? "")));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  say(line(header));
  say(widths.map((width) => "-".repeat(width)).join("  "));
  for (const row of rows) say(line(row));
}

export const number = (value: number, digits = 0): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replaceAll(",", " ");

export const percent = (share: number): string => `${number(share * 100, 1)} %`;

/** @returns whether it was reached */
export function printTarget(text: string, reached: boolean): boolean {
  say(`${reached ? "reached    " : "NOT reached"}  ${text}`);
  return reached;
}
