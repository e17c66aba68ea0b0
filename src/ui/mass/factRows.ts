import type { TableFact } from "../../data/facts/factTable.ts";
import type { TargetAnswer } from "../../../workers/protocol/protocol.ts";
import { occurrences } from "../fact/markedRange.ts";

/** How far a fact is. */
export type FactStage = "waiting" | "searching" | "found" | "cached" | "written" | "left";

/** What each stage is called in the table and its filter. */
export const stageNames: Record<FactStage, string> = {
  waiting: "waiting",
  searching: "searching",
  found: "found",
  cached: "from the cache",
  written: "written",
  left: "not written",
};

/** One fact on the page: its sentence in three parts, and what is known of it. */
export interface FactRow {
  number: number;
  before: string;
  subject: string;
  after: string;
  target: string;
  stage: FactStage;
  /** Looks at the loss so far, and p(target) at the last, a mean over contexts. */
  steps: number;
  p: number;
  /** What the model said before the run, and what it says after. */
  old?: TargetAnswer;
  now?: TargetAnswer | undefined;
}

/**
 * The table's facts as rows.
 *
 * @throws a sentence that names the first fact whose subject is not once in its prompt
 */
export function factRows(facts: TableFact[]): FactRow[] {
  return facts.map((fact, i) => {
    const [before, after] = around(fact, i + 1);
    const { subject, target } = fact;
    return { number: i + 1, before, subject, after, target, stage: "waiting", steps: 0, p: NaN };
  });
}

/** The words before and after the subject. */
function around({ prompt, subject }: TableFact, number: number): [string, string] {
  const marks = prompt.split("{}");
  if (marks.length === 2) return [marks[0], marks[1]];
  if (marks.length > 2)
    throw new Error(`fact ${number} has ${marks.length - 1} {} in its prompt; leave one`);
  const places = occurrences(prompt, subject);
  if (places.length !== 1)
    throw new Error(
      `fact ${number} has its subject “${subject}” ${places.length} times in the prompt “${prompt}”, not once; write {} in the subject’s place`,
    );
  return [prompt.slice(0, places[0].begin), prompt.slice(places[0].end)];
}

/** Facts that another one contradicts: the same words with another target. */
export function contradictions(rows: FactRow[]): number[] {
  const first = new Map<string, FactRow>();
  return rows.flatMap((row) => {
    const words = `${row.before}${row.subject}${row.after}`.trim();
    const known = first.get(words);
    if (!known) first.set(words, row);
    return known && known.target !== row.target ? [row.number] : [];
  });
}

/** Rows in a stage, or all of them, in one of four orders. */
export function chosenRows(
  rows: FactRow[],
  { stage, order }: { stage: FactStage | "all" | "missed"; order: RowOrder },
): FactRow[] {
  const some = rows.filter((row) =>
    stage === "missed" ? row.now && !row.now.greedy : stage === "all" || row.stage === stage,
  );
  if (order === "table") return some;
  const value = (row: FactRow) =>
    (order === "p" ? row.now?.probability : order === "old" ? row.old?.probability : row.steps) ??
    -1;
  return [...some].sort((a, b) => (order === "steps" ? value(b) - value(a) : value(a) - value(b)));
}

/** By number; by p after, by p before, from the lowest; by steps, from the most. */
export type RowOrder = "table" | "p" | "old" | "steps";

/** The first measured step at which the perplexity had more than doubled. */
export const doubledAt = (
  steps: { perplexity?: number | undefined }[],
  before: number,
): number | undefined => {
  const at = steps.findIndex(
    ({ perplexity }) => perplexity !== undefined && !(perplexity <= 2 * before),
  );
  return at < 0 ? undefined : at + 1;
};
