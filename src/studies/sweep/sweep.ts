import { numberIn, type Row } from "../../data/rows/rows.ts";
import type { Field, FieldValue } from "../../data/settings/Field.ts";
import { fieldText } from "../../data/settings/fieldText.ts";
import { editorOf } from "../../methods/edit/editors.ts";
import { type Measures, summarise, type Summary } from "../../methods/score/score.ts";
import { editEach } from "../editEach.ts";
import { caseFields, type CaseSettings, firstKnown } from "../knownCases.ts";
import { measuresIn, scoreColumns } from "../scoreRow.ts";
import type { Study } from "../Study.ts";
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
  /** Mean final p(target) of the search, and mean ‖ΔW‖/‖W‖. */
  probability: number;
  relativeNorm: number;
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

  async *rows(at) {
    const [base] = at.editings;
    const { layers } = at.model.config;
    const settings = gridSettings(parseGrid(at.settings.grid, base.editor.fields, { layers }));
    for (const [i, { name, changes }] of settings.entries()) {
      const keyOf = (place: number) => `${name || "as given"}/${place}`;
      const missing = at.cases.filter(({ place }) => at.wants(keyOf(place)));
      for await (const { place, fact, score, edit } of editEach(at, base.with(changes), missing)) {
        at.onProgress?.(`setting ${i + 1} of ${settings.length}: case ${fact.id}`);
        const { relativeNorm, searches } = edit;
        const probability = searches.at(-1)?.steps.at(-1)?.probability ?? NaN;
        const after = scoreColumns(score);
        yield { key: keyOf(place), case: fact.id, ...changes, after, probability, relativeNorm };
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
};

const axesOf = ({ settings, methods: [{ name }] }: StudyAbout<SweepSettings>): GridAxis[] =>
  parseGrid(settings.grid, editorOf(name).fields);

function resultOf(rows: readonly Row[]): SweepResult {
  const mean = (column: string) =>
    rows.reduce((sum, row) => sum + numberIn(row, column), 0) / rows.length;
  return {
    cases: rows.length,
    summary: summarise(rows.map((row) => measuresIn(row.after))),
    probability: mean("probability"),
    relativeNorm: mean("relativeNorm"),
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
  ]);
  const shares = [...measured, "S", "p(target)"].map((name) => ({ name, as: "percent" as const }));
  const columns = [
    ...varied.map(({ name }) => ({ name })),
    { name: "cases" },
    ...shares,
    { name: "‖ΔW‖/‖W‖", as: { decimals: 3 } },
  ];
  return { name: "summary", columns, rows };
}

const settingCell = (field: Field, value: FieldValue) =>
  typeof value === "number" ? value : fieldText(field, value);
