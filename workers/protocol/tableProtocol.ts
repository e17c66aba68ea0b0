import type { TableRow } from "../../src/data/tables/TableRow.ts";
import type { TableHead } from "../../src/engine/storage/TableStore.ts";
import type { Measures } from "../../src/methods/score/score.ts";
import type { TargetAnswer } from "../../src/methods/score/targetAnswers.ts";

/** A table of facts that is open; its rows are told on the way. */
export interface OpenTable {
  head: TableHead;
  /** What was taken for granted when it was read, and why it will not be kept, a sentence each. */
  notices: string[];
}

/** Takes rows of a table, some at a time: twenty thousand at once would stop the page. */
export type TakeRows = (rows: TableRow[]) => void;

/** Where a table comes from: text that was pasted, or a file. */
export type TableSource = { text: string; name: string } | { file: Blob; name: string };

/** What changes of a table: rows to put in their places, and ids of rows to delete. */
export interface TableChange {
  put?: TableRow[] | undefined;
  drop?: number[] | undefined;
}

/** What a model says of one row: p of the new target, and, where the true answer is known, the measures of its case. */
export interface RowScore extends TargetAnswer {
  measures?: Partial<Measures> | undefined;
}

/** Scores of rows that are to be kept. */
export interface ScoredRows extends Omit<TableScores, "rows"> {
  /** Each with its id and its {@link scoreKey}. */
  rows: { row: number; key: string; score: TableScores["rows"][string] }[];
}

/** The scores of rows, by {@link scoreKey}. */
export interface TableScores {
  /** When they were taken, ISO 8601. */
  at: string;
  /** The edits that were on, with their strengths. */
  edits: string[];
  rows: Record<string, { before: RowScore; after?: RowScore | undefined }>;
}

/** What was measured of a table with the model that is open. */
export interface TableMeasures {
  /** What the model says of true answers with no edit, by {@link truthKey}. */
  known: Record<string, TargetAnswer>;
  scores?: TableScores | undefined;
}

export type { TableHead, TableRow };
