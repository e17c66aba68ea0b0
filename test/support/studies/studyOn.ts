import type { Case } from "../../../src/data/facts/facts.ts";
import { MemoryRows } from "../../../src/data/rows/RowStore.ts";
import type { Model } from "../../../src/engine/Model.ts";
import type { LayerStatistics } from "../../../src/methods/statistics/statistics.ts";
import { Editing, type EditingChoice } from "../../../src/studies/Editing.ts";
import { runStudy, type StudyHost } from "../../../src/studies/runStudy.ts";
import type { Study } from "../../../src/studies/Study.ts";
import { orderOf } from "./orders.ts";

/** What a study is run with here. */
export interface StudySetup<S> {
  cases: Case[];
  settings: S;
  editing: EditingChoice;
  statistics?: LayerStatistics | undefined;
  seed: number;
  host?: Partial<StudyHost>;
}

/** Runs a study of one editing method on a model, and sums it up. */
export async function studyOn<S extends object, R extends object>(
  model: Model,
  study: Study<S, R>,
  { cases, settings, editing, statistics, seed, host = {} }: StudySetup<S>,
): Promise<R> {
  const { editor, settings: chosen } = editing;
  const order = {
    ...orderOf(study.name, settings),
    seed,
    methods: [{ name: editor.name, title: editor.title, settings: { ...chosen } }],
  };
  const missing = () => Promise.reject(new Error("there are no statistics"));
  const of = statistics ? () => Promise.resolve(statistics) : missing;
  const { about, rows } = await runStudy(study, order, {
    model,
    open: () => Promise.reject(new Error("there is no other model")),
    cases,
    inputs: {},
    editings: [new Editing(editing, { model, seed, statistics: of })],
    store: new MemoryRows(),
    where: "the memory",
    ...host,
  });
  return study.summarise(rows, about);
}
