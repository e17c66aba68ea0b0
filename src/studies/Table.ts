import { csvFormatRows } from "d3-dsv";
import { csvText } from "../data/csvText.ts";

/** A number that is shown in a way of its own. */
export interface ShownNumber {
  value: number;
  text: string;
}

/** What a table holds: text, a number, or nothing. */
export type Cell = string | number | ShownNumber | null;

/** How a column's numbers are shown. */
export interface Column {
  name: string;
  /** Per cent of a fraction, or so many decimals, or significant digits; as JSON by default. */
  as?: "percent" | { decimals: number } | { digits: number } | undefined;
}

/** A table of a study's results: shown in the terminal and the page, written as CSV. */
export interface Table {
  /** Its file, without `.csv`; the main one is `summary`. */
  name: string;
  /** Stands over it. */
  title?: string | undefined;
  columns: readonly Column[];
  rows: readonly (readonly Cell[])[];
}

/** A fraction with the digits that a table of results has. */
export const percent = (value: number): string =>
  Number.isNaN(value) ? "–" : `${(100 * value).toFixed(1)} %`;

/** A cell as a reader sees it; what is not known is a dash. */
export function cellText(cell: Cell, { as }: Column): string {
  if (cell === null) return "–";
  if (typeof cell === "string") return cell;
  if (typeof cell === "object") return cell.text;
  if (Number.isNaN(cell)) return "–";
  if (as === "percent") return percent(cell);
  if (as === undefined) return String(cell);
  return "decimals" in as ? cell.toFixed(as.decimals) : String(Number(cell.toPrecision(as.digits)));
}

/** A table as CSV: whole numbers as they are, all others with every digit, nothing where nothing is known. */
export function tableCsv({ columns, rows }: Table): string {
  const cells = rows.map((row) => row.map(csvCell));
  return `${csvFormatRows([columns.map(({ name }) => csvText(name)), ...cells])}\n`;
}

function csvCell(cell: Cell): string {
  if (typeof cell === "string") return csvText(cell);
  const value = cell !== null && typeof cell === "object" ? cell.value : cell;
  return value === null || Number.isNaN(value) ? "" : String(value);
}
