import { shown } from "../outside/shown.ts";

/** What a column of a table of facts may hold. */
export type ColumnName =
  "id" | "prompt" | "subject" | "target" | "truth" | "relation" | "paraphrases" | "neighbours";

/** What the columns are called in the tables that people have, in small letters without what divides words. */
const names: Record<ColumnName, readonly string[]> = {
  id: ["id", "caseid", "case"],
  prompt: ["prompt", "template", "sentence", "question"],
  subject: ["subject", "entity"],
  target: ["target", "targetnew", "newtarget", "new", "answer", "newanswer", "object"],
  truth: ["truth", "true", "targettrue", "truetarget", "trueanswer", "groundtruth", "old"],
  relation: ["relation", "relationid", "property"],
  paraphrases: ["paraphrases", "paraphrase", "paraphraseprompts", "rephraseprompt"],
  neighbours: ["neighbours", "neighbors", "neighbour", "neighbor", "neighborhoodprompts"],
};

/** Where what is: of paraphrases and neighbours there may be several columns, of all else one. */
export type Columns = ReadonlyMap<ColumnName, readonly number[]>;

const several: readonly ColumnName[] = ["paraphrases", "neighbours"];

/**
 * Where the columns are that the first row of a table names; undefined where it names neither prompt nor subject, and is
 * taken for a fact. Columns of paraphrases and neighbours may be numbered: "paraphrase 1", "paraphrase 2".
 *
 * @throws a sentence where two of them have the same name
 */
export function namedColumns(cells: readonly string[], what: string): Columns | undefined {
  const columns = new Map<ColumnName, number[]>();
  for (const [i, cell] of cells.entries()) {
    const name = nameOf(cell);
    if (!name) continue;
    const before = columns.get(name);
    if (before && !several.includes(name))
      throw new Error(`${shown(what)}: the first row names the column ${name} twice`);
    columns.set(name, [...(before ?? []), i]);
  }
  return columns.has("prompt") || columns.has("subject") ? columns : undefined;
}

function nameOf(cell: string): ColumnName | undefined {
  const plain = cell
    .trim()
    .toLowerCase()
    .replace(/[\s_-]/g, "");
  const all = Object.keys(names) as ColumnName[];
  const numbered = plain.replace(/\d+$/, "");
  return (
    all.find((name) => names[name].includes(plain)) ??
    several.find((name) => names[name].includes(numbered))
  );
}
