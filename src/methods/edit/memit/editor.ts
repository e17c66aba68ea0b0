import type { Field } from "../../../data/settings/Field.ts";
import type { Editor } from "../Editor.ts";
import { searchCurves, searchFields } from "../search/searchFields.ts";
import { memitContexts } from "./memitContexts.ts";
import { memitFootprint, memitSize } from "./memitFootprint.ts";
import type { MemitHyperparameters } from "./MemitHyperparameters.ts";
import { memitPreset } from "./memitPreset.ts";
import { runMemit } from "./runMemit.ts";

const fields: Field<keyof MemitHyperparameters>[] = [
  {
    name: "layers",
    label: "Layers",
    hint: "The blocks that share the change: 0, 1, 2 or 13–17",
    kind: { type: "layers" },
    main: true,
  },
  {
    name: "lambda",
    label: "λ",
    hint: "How many old memories the new ones are weighed against: more keeps more, writes less",
    kind: { type: "number", above: 0 },
    main: true,
  },
  searchFields.steps,
  searchFields.clamp,
  searchFields.learningRate,
  searchFields.klFactor,
  searchFields.weightDecay,
];

/** MEMIT (METHODS 5): many facts at once, spread over several layers. */
export const memitEditor: Editor<MemitHyperparameters> = {
  name: "memit",
  title: "MEMIT",
  paper: {
    title: "Mass-Editing Memory in a Transformer",
    authors: "Meng, Sen Sharma, Andonian, Belinkov, Bau",
    year: 2023,
    url: "https://arxiv.org/abs/2210.07229",
  },
  about:
    "Writes many facts at once, spread over several layers' MLPs, at the cost of one search a fact and one solve a layer.",
  lead: "MEMIT finds, for every fact, the state z that recalls it, then solves for one change of several layers’ MLPs that brings all of them about at once.",
  facts: "many",
  fields,
  curves: searchCurves,
  preset: memitPreset,
  statistics: ({ layers }) => layers,
  contexts: (model, _, at) => memitContexts(model, at),
  footprint: (on, job) => {
    memitFootprint(on, memitSize(job));
    return { columns: job.facts };
  },
  smaller: ({ facts, batch }) =>
    [16, 4, 1]
      .filter((size) => size < Math.min(facts, batch ?? facts))
      .map((size) => ({
        change: `${size} ${size === 1 ? "fact" : "facts"} at once`,
        job: { batch: size },
      })),
  run: runMemit,
};
