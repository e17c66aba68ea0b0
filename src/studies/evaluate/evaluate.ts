import { scoreCase, summarise, type Summary } from "../../methods/score/score.ts";
import { editEach } from "../editEach.ts";
import { caseFields, type CaseSettings, firstKnown } from "../knownCases.ts";
import { measuresIn, scoreColumns } from "../scoreRow.ts";
import { scoreTable } from "../scoreTable.ts";
import type { Study } from "../Study.ts";

/** Scores over the cases, before and after their edits. */
export interface Evaluation {
  cases: number;
  summary: { before: Summary; after: Summary };
}

/** Every known case edited alone on the base model, scored before and after (METHODS 7.3, 7.6). */
export const evaluate: Study<CaseSettings, Evaluation> = {
  name: "evaluate",
  title: "One fact at a time",
  about:
    "An editing method on the cases that the model knows, each alone, scored before and after.",
  fields: caseFields,
  defaults: { all: false },
  editors: "one",
  select: firstKnown,

  async *rows(at) {
    const [editing] = at.editings;
    for (const placed of at.cases) {
      const key = `${placed.place}`;
      if (!at.wants(key)) continue;
      const before = await scoreCase(at.model, placed.fact, { signal: at.signal });
      for await (const { fact, score, edit } of editEach(at, editing, [placed])) {
        const { relativeNorm } = edit;
        const scores = { before: scoreColumns(before), after: scoreColumns(score) };
        yield { key, case: fact.id, ...scores, relativeNorm };
      }
    }
  },

  summarise(rows) {
    const of = (column: string) => summarise(rows.map((row) => measuresIn(row[column])));
    return { cases: rows.length, summary: { before: of("before"), after: of("after") } };
  },

  tables({ cases, summary }, { settings }) {
    const what = settings.all ? "cases" : "known cases";
    return [scoreTable(summary, `${cases} ${what}, each edited alone`)];
  },
};
