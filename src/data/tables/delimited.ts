/** What stands between the cells of a line. */
export type Delimiter = "," | ";" | "\t";

/**
 * The records of a text whose cells are divided by a character, as spreadsheets save and copy them: a cell in quotes may
 * hold the character, line ends and doubled quotes. A quote that is never closed, or closed within a word, is a letter
 * like others, so that one slip costs one cell and not the rest of the table. A record is a row of a spreadsheet: its
 * place in the list, counted from 1, is the number that the spreadsheet shows.
 *
 * @returns a list of cells for each record; of an empty line, one empty cell
 */
export const parseDelimited = (text: string, delimiter: Delimiter): string[][] => [
  ...delimitedRecords(text, delimiter),
];

/** {@link parseDelimited}, one record after the other. */
export function* delimitedRecords(text: string, delimiter: Delimiter): Generator<string[]> {
  let record: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const { cell, end } = quotedCell(text, at, delimiter) ?? plainCell(text, at, delimiter);
    record.push(cell);
    at = end + 1;
    if (text[end] === delimiter) continue;
    if (text[end] === "\r" && text[end + 1] === "\n") at++;
    // What ends in a line end has no further record after it.
    const isLast = at === text.length && end < text.length;
    yield record;
    if (isLast) return;
    record = [];
  }
}

/**
 * The character that divides the cells of a table's first lines: the one that is there most often outside quotes, in the
 * order tab, semicolon, comma where several are; a comma where none is.
 */
export function delimiterOf(text: string): Delimiter {
  const begin = text.trimStart().slice(0, 20_000);
  const first = begin.slice(0, lineEnd(begin)).replace(/"[^"]*"/g, "");
  const counts = (["\t", ";", ","] as const).map((delimiter) => ({
    delimiter,
    count: first.split(delimiter).length - 1,
  }));
  const [best] = counts.toSorted((a, b) => b.count - a.count);
  return best.count > 0 ? best.delimiter : ",";
}

const lineEnd = (text: string) => {
  const end = text.search(/[\n\r]/);
  return end < 0 ? text.length : end;
};

interface Cell {
  cell: string;
  /** Where the delimiter, the line end or the end of the text is that ends it. */
  end: number;
}

function plainCell(text: string, begin: number, delimiter: Delimiter): Cell {
  let end = begin;
  while (end < text.length && !ends(text[end], delimiter)) end++;
  return { cell: text.slice(begin, end), end };
}

/** Undefined where the cell is in no quotes, or they are not closed before what ends a cell. */
function quotedCell(text: string, begin: number, delimiter: Delimiter): Cell | undefined {
  if (text[begin] !== '"') return undefined;
  let from = begin + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return undefined;
    if (text[quote + 1] === '"') {
      from = quote + 2;
      continue;
    }
    const end = quote + 1;
    if (end < text.length && !ends(text[end], delimiter)) return undefined;
    return { cell: text.slice(begin + 1, quote).replaceAll('""', '"'), end };
  }
}

const ends = (character: string, delimiter: Delimiter) =>
  character === delimiter || character === "\n" || character === "\r";
