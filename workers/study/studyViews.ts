import { compareKeys, type Row } from "../../src/data/rows/rows.ts";
import type { Case } from "../../src/data/facts/facts.ts";
import type { Field, FieldValue } from "../../src/data/settings/Field.ts";
import { fieldText } from "../../src/data/settings/fieldText.ts";
import { editorOf } from "../../src/methods/edit/editors.ts";
import type { Study } from "../../src/studies/Study.ts";
import type { StudyAbout } from "../../src/studies/StudyAbout.ts";
import { commandOfStudy, type OpenModelAbout } from "../../src/studies/history/commandOfStudy.ts";
import { type StudyRegistry, studyOf } from "../../src/studies/studies.ts";
import { studyResults } from "../../src/studies/summariseStudy.ts";
import { cellText } from "../../src/studies/Table.ts";
import type { RowsAsked, RowsShown, StudyHead, StudyView } from "../protocol/studyProtocol.ts";
import type { StudyNote } from "./studyNote.ts";

/** What is known of a kept study besides its rows. */
interface KeptStudy {
  about: StudyAbout;
  rows: number;
  note: StudyNote;
  resumable: boolean;
}

/** A kept study as a list shows it. */
export function headOf(
  id: string,
  { about, rows, note, resumable }: KeptStudy,
  { registry, open }: { registry: StudyRegistry; open: OpenModelAbout | undefined },
): StudyHead {
  const study = registry.find(({ name }) => name === about.study);
  const methods = about.methods.map(({ title }) => title);
  const what = [...methods, `${about.chosen.cases.length} cases of ${about.cases.file}`];
  const total = study?.size?.(about);
  return {
    id,
    study: about.study,
    title: study?.title ?? about.study,
    of: what.join(", "),
    model: `${about.model}, ${about.precision}`,
    open: about.stamp === open?.identity.stamp,
    resumable,
    cases: about.cases.file,
    begun: about.date,
    rows,
    total,
    done: note.done === true || (total !== undefined && rows >= total),
    plan: note.plan,
    seconds: note.seconds ?? 0,
  };
}

/** A study's results; where its rows say nothing yet, why. */
export function viewOf(
  head: StudyHead,
  { about, rows }: { about: StudyAbout; rows: readonly Row[] },
  { registry, open }: { registry: StudyRegistry; open: OpenModelAbout | undefined },
): StudyView {
  const study = studyOf(about.study, registry);
  const view = {
    head,
    settings: settingsShown(study, about),
    filters: about.filters.map((filter) => `${filter.name}: ${filter.out} of ${filter.in}`),
    command: commandOfStudy(study, about, open),
  };
  try {
    const { tables, figures, failed } = studyResults(study, rows, about);
    return {
      ...view,
      tables: tables.map(({ name, title, columns, rows: lines }) => ({
        name,
        title,
        columns: columns.map((column) => column.name),
        rows: lines.map((line) => line.map((cell, i) => cellText(cell, columns[i]))),
      })),
      figures,
      failed: failed.length,
    };
  } catch (error) {
    return { ...view, tables: [], figures: [], failed: 0, nothing: (error as Error).message };
  }
}

/** Every setting by its label: the study's own, then those of its methods. */
function settingsShown(study: Study, about: StudyAbout): [string, string][] {
  const ofMethods = about.methods.flatMap(({ name, title, settings }) =>
    shownFields(editorOf(name).fields, settings).map(([label, text]): [string, string] => [
      about.methods.length > 1 ? `${title}: ${label}` : label,
      text,
    ]),
  );
  return [...shownFields(study.fields, about.settings), ["Seed", String(about.seed)], ...ofMethods];
}

function shownFields(fields: readonly Field[], settings: object): [string, string][] {
  const values = settings as Record<string, FieldValue | null | undefined>;
  return fields.flatMap((field): [string, string][] => {
    const value = values[field.name];
    if (value === undefined || value === null || value === "" || value === false) return [];
    return [[field.label, value === true ? "yes" : fieldText(field, value)]];
  });
}

/** Some rows as cells: what they hold that is a word or a number, and the measures of their scores. */
export function rowsShown(
  rows: readonly Row[],
  cases: readonly Case[],
  { by, descending = false, from, count }: RowsAsked,
): RowsShown {
  const flat = rows.map((row) => ({ row, cells: cellsOf(row) }));
  const columns = [...new Set(flat.flatMap(({ cells }) => [...cells.keys()]))];
  const sign = descending ? -1 : 1;
  const sorted =
    by === undefined || !columns.includes(by)
      ? flat.sort((a, b) => sign * compareKeys(a.row.key, b.row.key))
      : flat.sort((a, b) => compareCells(a.cells.get(by), b.cells.get(by), sign));
  return {
    columns,
    total: rows.length,
    rows: sorted.slice(from, from + count).map(({ row, cells }) => ({
      key: row.key,
      cells: columns.map((column) => cells.get(column) ?? null),
      fact: factOf(row, cases),
    })),
  };
}

/** Of a row that is about one case: its place in the file is the last part of the key. */
const factOf = (row: Row, cases: readonly Case[]): Case | undefined =>
  row.case === undefined ? undefined : cases[Number(row.key.split("/").at(-1))];

type CellValue = number | string;

function cellsOf({ key, cost, ...columns }: Row): Map<string, CellValue> {
  void key;
  const cells = new Map<string, CellValue>();
  for (const [name, value] of Object.entries(columns)) {
    if (typeof value === "number" || typeof value === "string") cells.set(name, value);
    if (typeof value === "boolean") cells.set(name, value ? "yes" : "no");
    for (const [measure, number] of Object.entries(measuresOf(value)))
      if (typeof number === "number") cells.set(`${measure} ${name}`, number);
  }
  if (typeof cost?.seconds === "number") cells.set("seconds", cost.seconds);
  return cells;
}

const measuresOf = (value: unknown): object => {
  const { measures } = (value ?? {}) as { measures?: unknown };
  return typeof measures === "object" && measures !== null ? measures : {};
};

/** What is not there comes last, in both directions. */
function compareCells(a: CellValue | undefined, b: CellValue | undefined, sign: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b));
}
