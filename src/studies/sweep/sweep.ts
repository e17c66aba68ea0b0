import { numberIn, type Row } from "../../data/rows/rows.ts";
import type { Field, FieldValue } from "../../data/settings/Field.ts";
import { fieldText } from "../../data/settings/fieldText.ts";
import { editorOf } from "../../methods/edit/editors.ts";
import { type Measures, summarise, type Summary } from "../../methods/score/score.ts";
import { editEach } from "../editEach.ts";
import { caseFields, type CaseSettings, firstKnown } from "../knownCases.ts";
import { mean, median } from "../average.ts";
import { scorePlot } from "../scorePlot.ts";
import { measuresIn, scoreColumns } from "../scoreRow.ts";
import type { Editing } from "../Editing.ts";
import { rowOrError } from "../rowOrError.ts";
import type { PlacedCase, Study, StudyContext } from "../Study.ts";
import type { StudyAbout } from "../StudyAbout.ts";
import type { Figure, Table } from "../Table.ts";
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

/** The scores along the one field that varies, where that is a number. */
function sweepFigures(results: SweepResult[], about: StudyAbout<SweepSettings>): Figure[] {
  const [axis, ...others] = axesOf(about);
  if (!axis || !ordered.has(axis.field.kind.type) || others.length > 0 || results.length < 2)
    return [];
  const { name, label } = axis.field;
  const points = results.map((result) => {
    const { ES, PS, NS } = result.summary.measures;
    return {
      at: result[name] as number,
      label: fieldText(axis.field, result[name] as FieldValue),
      scores: { ES: ES.mean, PS: PS.mean, NS: NS.mean },
      norm: result.medianNorm,
    };
  });
  const [{ title }] = about.methods;
  const words = `${title} on ${about.model}, ${results[0].cases} facts, each alone`;
  const plotted = points.sort((a, b) => a.at - b.at);
  return [{ name: "sweep", svg: scorePlot(plotted, { title: words, axis: label.toLowerCase() }) }];
}

const settingCell = (field: Field, value: FieldValue) =>
  typeof value === "number" ? value : fieldText(field, value);
