import * as v from "valibot";
import { asShape } from "../../src/data/outside/checkShape.ts";
import { flag, list, name, number, object } from "../../src/data/outside/kinds.ts";
import type { TableStore } from "../../src/engine/storage/TableStore.ts";
import type { TargetAnswer } from "../../src/methods/score/targetAnswers.ts";
import type { ScoredRows, TableMeasures } from "../protocol/tableProtocol.ts";

/** Rows whose measures are kept in one entry: what is found of thirty rows costs one or two entries, not the whole table. */
const BLOCK = 64;

/** What was found of a row, with the key that tells whether the row still says the same. */
export interface Found {
  row: number;
  key: string;
  answer: TargetAnswer;
}

const said = { probability: v.union([number, v.nan()], "a number"), greedy: flag };
const answer = object(said);
const score = object({
  ...said,
  measures: v.optional(v.record(v.string("a text"), v.number("a number"))),
});
const known = v.record(v.string("a text"), answer);
const scores = object({
  at: name,
  edits: list(name),
  rows: v.record(v.string("a text"), object({ before: score, after: v.optional(score) })),
});
type Scores = NonNullable<TableMeasures["scores"]>;

/** What models know of the rows of kept tables: by the model's stamp, and by blocks of rows. What is damaged can be measured again. */
export class Measured {
  readonly #store: TableStore;

  constructor(store: TableStore) {
    this.#store = store;
  }

  /** All that is kept of a table with one model; of scores, those that were taken last with the same edits on. */
  async read(table: string, stamp: string): Promise<TableMeasures> {
    const found: TableMeasures = { known: {} };
    const taken: Scores[] = [];
    for (const [part, value] of await this.#store.measured(table, stamp)) {
      if (part.startsWith("known/")) Object.assign(found.known, asShape(value, known));
      const some = part.startsWith("scores/") && asShape(value, scores);
      if (some) taken.push(some);
    }
    const last = taken.reduce<Scores | undefined>((a, b) => (a && a.at > b.at ? a : b), undefined);
    if (!last) return found;
    const rows: Scores["rows"] = {};
    for (const one of taken) if (sameEdits(one, last)) Object.assign(rows, one.rows);
    return { ...found, scores: { at: last.at, edits: last.edits, rows } };
  }

  /** Keeps what a model with no edit said of true answers. */
  async keepKnown(table: string, stamp: string, found: readonly Found[]): Promise<void> {
    for (const [block, some] of blocks(found)) {
      const fresh = Object.fromEntries(some.map(({ key, answer }) => [key, answer]));
      await this.#store.keepMeasured(table, stamp, {
        part: `known/${block}`,
        change: (current) => ({
          ...asShape(current, known),
          ...fresh,
        }),
      });
    }
  }

  /** Keeps the scores of rows; those of a block that were taken with other edits on go. */
  async keepScores(table: string, stamp: string, { at, edits, rows }: ScoredRows): Promise<void> {
    for (const [block, some] of blocks(rows)) {
      const fresh = Object.fromEntries(some.map(({ key, score }) => [key, score]));
      await this.#store.keepMeasured(table, stamp, {
        part: `scores/${block}`,
        change: (current) => {
          const before = asShape(current, scores) as Scores | undefined;
          const stay = before && sameEdits(before, { edits }) ? before.rows : {};
          return { at, edits, rows: { ...stay, ...fresh } };
        },
      });
    }
  }
}

const sameEdits = (a: Pick<Scores, "edits">, b: Pick<Scores, "edits">) =>
  a.edits.join() === b.edits.join();

function blocks<R extends { row: number }>(rows: readonly R[]): Map<string, R[]> {
  const all = new Map<string, R[]>();
  for (const one of rows) {
    const block = String(Math.floor(one.row / BLOCK)).padStart(9, "0");
    const some = all.get(block);
    if (some) some.push(one);
    else all.set(block, [one]);
  }
  return all;
}
