import { cellText, type Table } from "../../studies/Table.ts";
import { table } from "../table.ts";

/** A table as lines, its columns lined up, under its title. */
export function tableText({ title, columns, rows }: Table): string {
  const cells = rows.map((row) => row.map((cell, i) => cellText(cell, columns[i])));
  const lines = table([columns.map(({ name }) => name), ...cells]);
  return title === undefined ? lines : `${title}\n\n${lines}`;
}
