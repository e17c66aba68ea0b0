import { numberIn, type Row } from "../../data/rows/rows.ts";
import type { Field, FieldValue } from "../../data/settings/Field.ts";
import { fieldText } from "../../data/settings/fieldText.ts";
import type { PlotFigure } from "../../data/figure/PlotFigure.ts";
import { editorOf } from "../../methods/edit/editors.ts";
import { type Measures, summarise, type Summary } from "../../methods/score/score.ts";
import { editEach } from "../editEach.ts";
import { caseFields, type CaseSettings, firstKnown } from "../knownCases.ts";
import { mean, median } from "../average.ts";
import { scoreFigure, scorePoint } from "../scoreFigure.ts";
import { measuresIn, scoreColumns } from "../scoreRow.ts";
import type { Editing } from "../Editing.ts";
import type { Work } from "../plan/Work.ts";
import { rowOrError } from "../rowOrError.ts";
import type { PlacedCase, Study, StudyContext } from "../Study.ts";
import type { StudyAbout } from "../StudyAbout.ts";
import type { Table } from "../Table.ts";
import { type GridAxis, gridSettings, parseGrid } from "./grid.ts";

/** What the study of a method's settings is set to. */
export interface SweepSettings extends CaseSettings {
  /** See {@link parseGrid}. */
  grid: string;
}

/** How one setting did over the cases, each edited alone; the fields that vary stand beside it by their names. */
export interface SweepResult extends Record<string, unknown> {
  cases: number;
  /** After the edit. */
  summary: Summary;
  /** Mean final p(target) of the search, and mean and median ‖ΔW‖/‖W‖. */
  probability: number;
  relativeNorm: number;
  medianNorm: number;
}

/** Every combination of a method's settings on the same cases, each edited alone (METHODS 4.7, 7.3). */
export const sweep: Study<SweepSettings, { results: SweepResult[] }> = {
  name: "sweep",
  title: "A grid of settings",
  about: "Every combination of an editing method's settings over the cases that the model knows.",
  sketch: {
    kind: "lines",
    series: [
      [0.9, 0.98, 0.95, 0.6, 0.3],
      [0.7, 0.9, 0.8, 0.45, 0.2],
      [0.6, 0.62, 0.7, 0.76, 0.78],
    ],
  },
  fields: [
    ...caseFields,
    {
      name: "grid",
      label: "Grid",
      hint: "Fields with the values to try, layer=0,1,2 steps=20,40; lists are divided by slashes",
      kind: { type: "text" },
      main: true,
    },
  ],
  defaults: { all: false, grid: "" },
  editors: "grid",
  select: firstKnown,
  size: (about) => gridSettings(axesOf(about)).length * about.chosen.cases.length,

  tries: ({ settings, methods: [{ name, settings: base }] }) =>
    gridSettings(parseGrid(settings.grid, editorOf(name).fields)).map(({ changes }) => ({
      name,
      settings: { ...base, ...changes },
    })),
  work: (about) =>
    gridSettings(axesOf(about)).flatMap(({ changes }): Work[] => {
      const { length } = about.chosen.cases;
      return [
        { unit: "edit", facts: length, groups: length, changes },
        { unit: "score", count: length },
      ];
    }),

  async *rows(at) {
    const [base] = at.editings;
    const { layers } = at.model.config;
    const settings = gridSettings(parseGrid(at.settings.grid, base.editor.fields, { layers }));
    for (const [i, { name, changes }] of settings.entries()) {
      const keyOf = (place: number) => `${name || "as given"}/${place}`;
      const missing = at.cases.filter(({ place }) => at.wants(keyOf(place)));
      const editing = base.with(changes);
      for (const placed of missing) {
        at.onProgress?.(`setting ${i + 1} of ${settings.length}: case ${placed.fact.id}`);
        const row = { key: keyOf(placed.place), case: placed.fact.id, ...changes };
        yield* rowOrError(row, editedRow(at, editing, { placed, row }));
      }
    }
  },

  summarise(rows, about) {
    const results = gridSettings(axesOf(about)).flatMap(({ name, changes }) => {
      const mine = rows.filter(({ key }) => key.startsWith(`${name || "as given"}/`));
      return mine.length > 0 ? [{ ...changes, ...resultOf(mine) }] : [];
    });
    if (results.length === 0) throw new Error("no setting is tried yet; go on with the study");
    return { results };
  },

  tables: ({ results }, about) => [sweepTable(results, axesOf(about))],
  figures: ({ results }, about) => sweepFigures(results, about),
};

async function* editedRow(
  at: StudyContext<SweepSettings>,
  editing: Editing,
  { placed, row }: { placed: PlacedCase; row: Row },
): AsyncGenerator<Row> {
  for await (const { score, edit } of editEach(at, editing, [placed])) {
    const { relativeNorm, searches } = edit;
    const probability = searches.at(-1)?.steps.at(-1)?.probability ?? NaN;
    yield { ...row, after: scoreColumns(score), probability, relativeNorm };
  }
}

const axesOf = ({ settings, methods: [{ name }] }: StudyAbout<SweepSettings>): GridAxis[] =>
  parseGrid(settings.grid, editorOf(name).fields);

function resultOf(rows: readonly Row[]): SweepResult {
  const all = (column: string) => rows.map((row) => numberIn(row, column));
  return {
    cases: rows.length,
    summary: summarise(rows.map((row) => measuresIn(row.after))),
    probability: mean(all("probability")),
    relativeNorm: mean(all("relativeNorm")),
    medianNorm: median(all("relativeNorm")),
  };
}

const measured: (keyof Measures)[] = ["ES", "PS", "NS", "EM", "PM", "NM"];

function sweepTable(results: SweepResult[], axes: GridAxis[]): Table {
  const varied = axes.map(({ field }) => field);
  const rows = results.map((result) => [
    ...varied.map((field) => settingCell(field, result[field.name] as FieldValue)),
    result.cases,
    ...measured.map((name) => result.summary.measures[name].mean),
    result.summary.score,
    result.probability,
    result.relativeNorm,
    result.medianNorm,
  ]);
  const shares = [...measured, "S", "p(target)"].map((name) => ({ name, as: "percent" as const }));
  const columns = [
    ...varied.map(({ name }) => ({ name })),
    { name: "cases" },
    ...shares,
    { name: "‖ΔW‖/‖W‖", as: { decimals: 3 } },
    { name: "its median", as: { decimals: 3 } },
  ];
  return { name: "summary", columns, rows };
}

/** Kinds of fields whose values are numbers that can stand along an axis. */
const ordered = new Set<string>(["number", "layer"]);
/** Settings that stand side by side as bars at most. */
const BARS = 12;

/** The scores along the one field that varies, where that is a number; those of a few settings as bars. */
function sweepFigures(results: SweepResult[], about: StudyAbout<SweepSettings>): PlotFigure[] {
  const axes = axesOf(about).filter(({ values }) => values.length > 1);
  const [{ title }] = about.methods;
  const words = `${title} on ${about.model}, ${results[0].cases} facts, each alone`;
  if (results.length < 2) return [];
  if (axes.length > 1 || !ordered.has(axes[0].field.kind.type)) {
    return results.length > BARS ? [] : [settingBars(results, axes, words)];
  }
  const { name, label } = axes[0].field;
  const points = results.map((result) => ({
    at: result[name] as number,
    scores: result.summary,
    norm: result.medianNorm,
  }));
  const plotted = points.sort((a, b) => a.at - b.at);
  return [scoreFigure(plotted, { name: "sweep", title: words, axis: label.toLowerCase() })];
}

function settingBars(results: SweepResult[], axes: GridAxis[], title: string): PlotFigure {
  const called = (result: SweepResult) =>
    axes.map(({ field }) => fieldText(field, result[field.name] as FieldValue)).join(", ");
  return {
    name: "sweep",
    title,
    x: { label: axes.map(({ field }) => field.label.toLowerCase()).join(", ") },
    y: { label: "", as: "percent", from: 0, to: 1 },
    series: (["ES", "PS", "NS"] as const).map((measure) => ({
      kind: "bars",
      name: measure,
      bars: results.map((result) => {
        const { y, low, high } = scorePoint(0, result.summary.measures[measure]);
        return { x: called(result), y, low, high };
      }),
    })),
  };
}

const settingCell = (field: Field, value: FieldValue) =>
  typeof value === "number" ? value : fieldText(field, value);
