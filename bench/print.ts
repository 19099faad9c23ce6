// Plain tables on standard output: text to the left, numbers to the right.

export function printLine(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** @param columns the cell of a row, by column title */
export function printTable<Row>(rows: readonly Row[], columns: Readonly<Record<string, (row: Row) => string>>): void {
  const table = Object.entries(columns).map(([title, cellOf]) => {
    const cells = rows.map(cellOf);
    const width = Math.max(title.length, ...cells.map(({ length }) => length));
    const isNumeric = cells.every((cell) => /^[-\d]/.test(cell));
    return [title, "-".repeat(width), ...cells].map((cell) => (isNumeric ? cell.padStart(width) : cell.padEnd(width)));
  });
  for (const index of [0, 1, ...rows.map((_, row) => row + 2)])
    printLine(
      table
        .map((column) => column[index])
        .join("  ")
        .trimEnd(),
    );
}

export const number = (value: number, digits = 0): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replaceAll(",", " ");

export const percent = (share: number): string => `${number(share * 100, 1)} %`;

/** @returns `isReached` */
export function printTarget(text: string, isReached: boolean): boolean {
  printLine(`${isReached ? "reached    " : "NOT reached"}  ${text}`);
  return isReached;
}
