import { numberIn, type Row } from "../../data/rows/rows.ts";
import { measureLabels, scoreCase, summarise, type Summary } from "../../methods/score/score.ts";
import { editEach } from "../editEach.ts";
import { caseFields, type CaseSettings, firstKnown } from "../knownCases.ts";
import { mean, median } from "../average.ts";
import { localNeutral, measuresIn, scoreColumns } from "../scoreRow.ts";
import { scorePoint } from "../scoreFigure.ts";
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
  sketch: {
    kind: "bars",
    series: [
      [0.05, 0.1, 0.75],
      [0.95, 0.85, 0.7],
    ],
  },
  fields: caseFields,
  defaults: { all: false },
  editors: "one",
  select: firstKnown,
  size: ({ chosen }) => chosen.cases.length,

  work: ({ chosen: { cases } }) => [
    { unit: "edit", facts: cases.length, groups: cases.length },
    { unit: "score", count: 2 * cases.length },
  ],

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

  figures({ cases, summary }, { model, methods: [{ title }] }) {
    const names = (["ES", "PS", "NS"] as const).filter(
      (name) => summary.after.measures[name].cases > 0,
    );
    const barsOf = ({ measures }: Summary) =>
      names.map((name) => {
        const { y, low, high } = scorePoint(0, measures[name]);
        return { x: measureLabels[name], y, low, high };
      });
    return [
      {
        name: "scores",
        title: `${title} on ${model}, ${cases} facts, each alone`,
        x: { label: "" },
        y: { label: "", as: "percent", from: 0, to: 1 },
        series: [
          { kind: "bars", name: "before", bars: barsOf(summary.before) },
          { kind: "bars", name: "after", bars: barsOf(summary.after) },
        ],
      },
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
