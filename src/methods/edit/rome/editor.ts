import type { Field } from "../../../data/settings/Field.ts";
import { contextTemplates } from "../contextTemplates.ts";
import type { Editor } from "../Editor.ts";
import { searchCurves, searchFields } from "../search/searchFields.ts";
import { romeFootprint, romeSize } from "./romeFootprint.ts";
import type { RomeHyperparameters } from "./RomeHyperparameters.ts";
import { romePreset } from "./romePreset.ts";
import { runRome } from "./runRome.ts";

const fields: Field<keyof RomeHyperparameters>[] = [
  {
    name: "layer",
    label: "Layer",
    hint: "The block whose MLP output matrix is changed",
    kind: { type: "layer" },
    main: true,
  },
  searchFields.steps,
  searchFields.clamp,
  searchFields.learningRate,
  searchFields.klFactor,
  searchFields.weightDecay,
  {
    name: "contextLengths",
    label: "Contexts",
    hint: "10×5, 10×10: ten sampled prefixes of 5 tokens and ten of 10",
    kind: { type: "contexts" },
  },
  {
    name: "keyMode",
    label: "Key mode",
    hint: "Which key the right vector divides by: the bare prompt’s, as published, or the mean one",
    kind: {
      type: "choice",
      choices: [
        ["code", "as published"],
        ["r-rome", "r-ROME (mean key)"],
      ],
    },
  },
  {
    name: "covariance",
    label: "Covariance",
    hint: "u = C⁻¹k, or u = k without statistics",
    kind: {
      type: "choice",
      choices: [
        ["C", "C of the layer"],
        ["I", "identity (C = I)"],
      ],
    },
  },
];

/** ROME (METHODS 4): a rank-one change of one matrix a fact; several facts are written one after the other. */
export const romeEditor: Editor<RomeHyperparameters> = {
  name: "rome",
  title: "ROME",
  paper: {
    title: "Locating and Editing Factual Associations in GPT",
    authors: "Meng, Bau, Andonian, Belinkov",
    year: 2022,
    url: "https://arxiv.org/abs/2202.05262",
  },
  about:
    "Rewrites one fact with a rank-one change of one layer's MLP, at the cost of one search through the layers above it.",
  lead: "ROME in sequence rewrites one fact after the other in the same matrix, each on top of those before. Many of them wear the model out: the perplexity of text that no edit is about shows when.",
  facts: "one",
  fields,
  curves: searchCurves,
  preset: romePreset,
  statistics: ({ covariance, layer }) => (covariance === "C" ? [layer] : []),
  contexts: (model, { contextLengths }, at) => contextTemplates(model, contextLengths, at),
  footprint: (on, job) => {
    romeFootprint(on, romeSize(job));
    return { columns: 1 };
  },
  run: runRome,
};
