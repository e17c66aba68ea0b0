import type { Field } from "../../../src/data/settings/Field.ts";
import type { Editor } from "../../../src/methods/edit/Editor.ts";
import { checkEditRequest } from "../../../src/methods/edit/editRequest.ts";
import { provenanceOf } from "../../../src/methods/edit/provenance.ts";
import { mlpOut } from "../../../src/engine/architecture/blockWeights.ts";
import { weightName } from "../../../src/engine/architecture/weightNames.ts";

/** How nothing is done: where, and how often the loss is looked at. */
interface NothingSettings {
  layer: number;
  looks: number;
  manner: "quietly" | "loudly";
}

const fields: Field<keyof NothingSettings>[] = [
  { name: "layer", label: "Layer", hint: "Where nothing is changed", kind: { type: "layer" } },
  {
    name: "looks",
    label: "Looks",
    hint: "How often the loss is looked at",
    kind: { type: "number", min: 1, max: 10, whole: true },
    main: true,
  },
  {
    name: "manner",
    label: "Manner",
    hint: "Whether it is said aloud",
    kind: {
      type: "choice",
      choices: [
        ["quietly", "Quietly"],
        ["loudly", "Loudly"],
      ],
    },
    option: "how",
  },
];

/** The smallest editor: it adds a dense zero to one matrix, whose curve is called "calm". */
export const doNothing: Editor<NothingSettings> = {
  name: "nothing",
  title: "Nothing",
  paper: { title: "On Doing Nothing", authors: "Nobody", year: 2026, url: "https://example.org" },
  about: "Leaves every fact as it is, at no cost.",
  facts: "many",
  fields,
  curves: [{ name: "calm", label: "Calm" }],
  preset: ({ layers }) => ({
    settings: { layer: layers - 1, looks: 2, manner: "quietly" },
    source: "nothing is published",
  }),
  statistics: () => [],
  footprint: (on) => {
    on.give(on.take(4));
    return { columns: 1 };
  },
  run: (model, requests, settings, { seed, onEvent }) => {
    const { layer, looks } = settings;
    const facts = requests.map((request) => checkEditRequest(model, request, layer));
    const calm = (step: number) => ({ step, loss: 0, probability: 1, calm: step + 1 });
    const steps = Array.from({ length: looks }, (_, step) => calm(step));
    const searches = facts.map((_, fact) => ({ fact, steps }));
    for (const { fact } of searches) {
      for (const step of steps) onEvent?.({ type: "step", fact, step });
      onEvent?.({ type: "found", fact, cached: false, step: steps[looks - 1] });
    }
    const { config } = model;
    const shape = [config.dMlp, config.dModel];
    const dense = new Float32Array(config.dMlp * config.dModel);
    const about = { method: "nothing", facts, hyperparameters: settings, contexts: [], seed };
    return Promise.resolve({
      delta: {
        provenance: provenanceOf(model, { ...about, statistics: [], goal: {} }),
        weights: [
          { weight: weightName(config, layer, mlpOut(config)), change: { shape, dense }, norm: 0 },
        ],
      },
      written: facts.map((_, fact) => fact),
      relativeNorm: 0,
      searches,
      contexts: [],
      statistics: [],
      measures: [{ name: "calmness", label: "calmness", value: 1 }],
      report: () => ({}),
    });
  },
};
