import {
  columnFilteringFeature,
  constructTable,
  createFilteredRowModel,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
} from "@tanstack/table-core";
import { storeReactivityBindings } from "@tanstack/table-core/store-reactivity-bindings";
import type { TargetAnswer } from "../../../workers/protocol/protocol.ts";
import { remembered } from "../../data/tables/remembered.ts";
import type { RowMark } from "../../data/tables/rowMarks.ts";
import type { RowProblem } from "../../data/tables/rowProblems.ts";
import { sentenceOf } from "../../data/tables/rowProblems.ts";
import type { TableRow } from "../../data/tables/TableRow.ts";
import type { RunRow } from "./factRows.ts";

/** All that is known of a row; looked up where it is drawn, filtered by or sorted by. */
export interface RowFacts {
  problems: RowProblem[] | undefined;
  mark: RowMark | undefined;
  /** What the model with no edit says of the true answer. */
  known: TargetAnswer | undefined;
  /** p of the target with no edit, and with the edits that were on. */
  before: TargetAnswer | undefined;
  after: TargetAnswer | undefined;
  /** Whether an edit that is on has written it. */
  written: boolean;
  /** Where a run has it. */
  run: RunRow | undefined;
  chosen: boolean;
}

/** What rows to show, and what each is called. */
export const filters = {
  all: "all",
  chosen: "selected",
  mistakes: "with mistakes",
  duplicates: "said before",
  conflicts: "contradicting another",
  scored: "with paraphrases and neighbours",
  bare: "without paraphrases or neighbours",
  known: "known by this model",
  unknown: "not known by this model",
  unasked: "not asked yet",
  written: "written by an edit that is on",
  unwritten: "not written",
  missed: "not said after",
} as const;
export type FilterName = keyof typeof filters;

/** Columns that rows are sorted by. */
export type SortName =
  "source" | "sentence" | "target" | "truth" | "prompts" | "known" | "before" | "after" | "steps";

/** How the rows of a table are looked at. */
export interface Arrangement {
  show: FilterName;
  search: string;
  sort: { by: SortName; down: boolean };
}

const passes: Record<FilterName, (facts: RowFacts, row: TableRow) => boolean> = {
  all: () => true,
  chosen: ({ chosen }) => chosen,
  mistakes: ({ problems }) => problems !== undefined,
  duplicates: ({ mark }) => mark?.duplicate !== undefined,
  conflicts: ({ mark }) => mark?.conflict !== undefined,
  scored: (_, row) => hasMaterial(row),
  bare: (_, row) => !hasMaterial(row),
  known: ({ known }) => known?.greedy === true,
  unknown: ({ known }) => known?.greedy === false,
  unasked: ({ known }) => known === undefined,
  written: ({ written }) => written,
  unwritten: ({ written }) => !written,
  missed: ({ after }) => after?.greedy === false,
};

/** Whether a row has prompts for all that it is scored by. */
export const hasMaterial = ({ paraphrases, neighbours }: TableRow): boolean =>
  !!paraphrases?.length && !!neighbours?.length;

const features = tableFeatures({
  coreReactivityFeature: storeReactivityBindings(),
  columnFilteringFeature,
  rowSortingFeature,
  filteredRowModel: createFilteredRowModel(),
  sortedRowModel: createSortedRowModel(),
});

type Look = (row: TableRow) => RowFacts;

/** What is not known comes last, whichever way a column is sorted. */
const values: Record<SortName, (row: TableRow, look: Look) => number | string | undefined> = {
  source: ({ id }) => id,
  sentence: (row) => sentenceOf(row).toLowerCase(),
  target: ({ target }) => target.toLowerCase(),
  truth: ({ truth }) => truth.toLowerCase(),
  prompts: ({ paraphrases = [], neighbours = [] }) => paraphrases.length + neighbours.length,
  known: (row, look) => look(row).known?.probability,
  before: (row, look) => look(row).before?.probability,
  after: (row, look) => look(row).after?.probability,
  steps: (row, look) => look(row).run?.steps,
};

/** Rows in the order and of the kind that is asked for, by TanStack's table. */
export class FactLines {
  #look: Look = () => nothing;
  #down = false;
  readonly #sorted = new Map<number, { value: number | string | undefined }>();
  /** Anew where something else was found out of the same rows. */
  #turn = 0;
  readonly #table = constructTable({
    features,
    data: [] as readonly TableRow[],
    columns: [
      {
        id: "row",
        accessorFn: (row: TableRow) => row.id,
        filterFn: (row, _, { show, words }: { show: FilterName; words: string[] }) =>
          passes[show](this.#look(row.original), row.original) && holds(row.original, words),
      },
      ...(Object.keys(values) as SortName[]).map((id) => ({
        id,
        // What is looked up changes while the row stays the same: nothing is taken from the table's memory.
        accessorFn: (row: TableRow) => row.id,
        sortUndefined: false as const,
        sortFn: (a: { original: TableRow }, b: { original: TableRow }) =>
          this.#compare(this.#value(id, a.original), this.#value(id, b.original)),
      })),
    ],
    getRowId: (row) => String(row.id),
    enableSortingRemoval: false,
  });

  arrange(rows: readonly TableRow[], look: Look, { show, search, sort }: Arrangement): TableRow[] {
    this.#look = look;
    this.#down = sort.down;
    this.#sorted.clear();
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const isAll = show === "all" && words.length === 0;
    if (isAll && sort.by === "source" && !sort.down) return rows as TableRow[];
    const filter = { show, words, turn: ++this.#turn };
    this.#table.setOptions((options) => ({
      ...options,
      data: rows,
      state: {
        columnFilters: isAll ? [] : [{ id: "row", value: filter }],
        sorting: sort.by === "source" && !sort.down ? [] : [{ id: sort.by, desc: false }],
      },
    }));
    return this.#table.getRowModel().rows.map(({ original }) => original);
  }

  /** By what a row is sorted, looked up once. */
  #value(by: SortName, row: TableRow): number | string | undefined {
    const found = this.#sorted.get(row.id) ?? { value: values[by](row, this.#look) };
    this.#sorted.set(row.id, found);
    return found.value;
  }

  #compare(a: number | string | undefined, b: number | string | undefined): number {
    if (a === undefined || b === undefined)
      return Number(a === undefined) - Number(b === undefined);
    const order = a < b ? -1 : Number(a > b);
    return this.#down ? -order : order;
  }
}

const nothing: RowFacts = {
  problems: undefined,
  mark: undefined,
  known: undefined,
  before: undefined,
  after: undefined,
  written: false,
  run: undefined,
  chosen: false,
};

const wordsOf = remembered((row: TableRow) => {
  const { target, truth, relation = "" } = row;
  return `${sentenceOf(row)} ${target} ${truth} ${relation}`.toLowerCase();
});

const holds = (row: TableRow, words: string[]): boolean =>
  words.every((word) => wordsOf(row).includes(word));
