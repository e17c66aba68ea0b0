import { numberIn, type Row } from "../../data/rows/rows.ts";
import { scoreCase, summarise, type Summary } from "../../methods/score/score.ts";
import { editEach } from "../editEach.ts";
import { caseFields, type CaseSettings, firstKnown } from "../knownCases.ts";
import { mean, median } from "../average.ts";
import { localNeutral, measuresIn, scoreColumns } from "../scoreRow.ts";
import { scoreTable } from "../scoreTable.ts";
import { rowOrError } from "../rowOrError.ts";
import type { PlacedCase, Study, StudyContext } from "../Study.ts";
import { percent } from "../Table.ts";

/** Scores over the cases, before and after their edits. */
export interface Evaluation {
  cases: number;
  summary: { before: Summary; after: Summary };
  /** Of ‖ΔW‖ / ‖W‖; where several matrices change, of the largest. */
  relativeNorm: { mean: number; median: number };
  /** See {@link localNeutral}. */
  localNeutral: number;
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
  size: ({ chosen }) => chosen.cases.length,

  async *rows(at) {
    for (const placed of at.cases) {
      const key = `${placed.place}`;
      if (!at.wants(key)) continue;
      yield* rowOrError({ key, case: placed.fact.id }, caseRow(at, placed));
    }
  },

  summarise(rows) {
    const of = (column: string) => summarise(rows.map((row) => measuresIn(row[column])));
    const norms = rows.map((row) => numberIn(row, "relativeNorm"));
    return {
      cases: rows.length,
      summary: { before: of("before"), after: of("after") },
      relativeNorm: { mean: mean(norms), median: median(norms) },
      localNeutral: localNeutral(rows.map(({ before, after }) => ({ before, after }))),
    };
  },

  tables({ cases, summary, relativeNorm, localNeutral }, { settings }) {
    const what = settings.all ? "cases" : "known cases";
    const local = { value: localNeutral, text: percent(localNeutral) };
    return [
      scoreTable(summary, `${cases} ${what}, each edited alone`, [
        ...(Number.isNaN(localNeutral) ? [] : [["Local neutral LN", null, local]]),
        ["‖ΔW‖/‖W‖, median", null, norm(relativeNorm.median)],
        ["‖ΔW‖/‖W‖, mean", null, norm(relativeNorm.mean)],
      ]),
    ];
  },
};

async function* caseRow(at: StudyContext<CaseSettings>, placed: PlacedCase): AsyncGenerator<Row> {
  const before = await scoreCase(at.model, placed.fact, { signal: at.signal });
  for await (const { place, fact, score, edit } of editEach(at, at.editings[0], [placed])) {
    const { relativeNorm } = edit;
    const scores = { before: scoreColumns(before), after: scoreColumns(score) };
    yield { key: `${place}`, case: fact.id, ...scores, relativeNorm };
  }
}

const norm = (value: number) => ({ value, text: value.toFixed(3) });
