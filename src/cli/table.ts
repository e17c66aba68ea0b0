/** Rows of cells as text, columns lined up: the first to the left, the others to the right. */
export function table(rows: string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => width(row[column]))));
  const line = (row: string[]) =>
    row.map((cell, column) => pad(cell, widths[column], column === 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** A fraction with the digits that a table of results has. */
export const percent = (value: number): string =>
  Number.isNaN(value) ? "–" : `${(100 * value).toFixed(1)} %`;

const width = (text: string) => [...text].length;
const pad = (text: string, size: number, left: boolean) => {
  const space = " ".repeat(size - width(text));
  return left ? text + space : space + text;
};
