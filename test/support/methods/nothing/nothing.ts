import type { Editor } from "../../../../src/methods/edit/Editor.ts";
import { provenanceOf } from "../../../../src/methods/edit/provenance.ts";

interface NothingSettings {
  /** How hard it does nothing. */
  effort: number;
}

/** An editor that does nothing: its delta changes no weight. */
export const nothing: Editor<NothingSettings> = {
  name: "nothing",
  title: "Nothing",
  paper: { title: "On nothing", authors: "Nobody", year: 2026, url: "https://example.org" },
  about: "Leaves the model as it is, at no cost.",
  facts: "many",
  fields: [
    {
      name: "effort",
      label: "Effort",
      hint: "How hard it does nothing",
      kind: { type: "number", min: 0 },
      main: true,
    },
  ],
  curves: [],
  preset: () => ({ settings: { effort: 1 }, source: "nobody published any" }),
  statistics: () => [],
  footprint: () => ({ columns: 0 }),
  run(model, facts, settings, { seed }) {
    const provenance = provenanceOf(model, {
      method: "nothing",
      facts,
      hyperparameters: settings,
      contexts: [],
      seed,
      statistics: [],
      goal: {},
    });
    return Promise.resolve({
      delta: { provenance, weights: [] },
      written: facts.map((_, i) => i),
      relativeNorm: 0,
      searches: facts.map((_, fact) => ({ fact, steps: [] })),
      contexts: [],
      statistics: [],
      measures: [{ name: "effort", label: "effort", value: settings.effort }],
      report: () => ({}),
    });
  },
};
