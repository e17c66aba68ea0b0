import type { Case } from "../../../src/data/facts/facts.ts";
import type { RowStore } from "../../../src/data/rows/RowStore.ts";
import type { Model } from "../../../src/engine/Model.ts";
import type { StudyHost } from "../../../src/studies/runStudy.ts";
import type { StudyOrder } from "../../../src/studies/StudyAbout.ts";

/** So many cases, each with a prompt of its own length. */
export const someCases = (count: number): Case[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `case ${i}`,
    prompt: `{} ${"word ".repeat(i % 7)}is`,
    subject: `Subject ${i}`,
    targetNew: "a",
    targetTrue: "b",
    paraphrases: [],
    neighbours: [],
    generationPrompts: [],
  }));

/** What a study of these settings is ordered with. */
export const orderOf = <S extends object>(study: string, settings: S): StudyOrder<S> => ({
  study,
  model: "tiny",
  revision: "local",
  stamp: "0123",
  precision: "f32",
  settings,
  methods: [],
  statistics: "the model's",
  contexts: undefined,
  seed: 0,
  cases: { file: "cases.json", digest: "abc", count: 3 },
  inputs: {},
  app: "palimpsest",
  date: "2026-11-21",
  device: "none",
});

/** A host whose model only counts. */
export const hostOf = (store: RowStore, rest: Partial<StudyHost> = {}): StudyHost => ({
  model: { cost: { blockTokens: 0 } } as Model,
  open: () => Promise.reject(new Error("there is no other model")),
  cases: someCases(20),
  inputs: {},
  editings: [],
  store,
  where: "the store",
  ...rest,
});
