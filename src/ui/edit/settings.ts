import type { MemitField, RomeField } from "./fields.ts";

/** A field of a form as the page shows it. */
export interface Setting<F extends string> {
  field: F;
  label: string;
  hint: string;
  options?: [value: string, label: string][];
}

const layer: Setting<"layer"> = {
  field: "layer",
  label: "Layer",
  hint: "The block whose MLP output matrix is changed",
};

/** Of the search for a value, which ROME and MEMIT share. */
const search = {
  steps: {
    field: "steps",
    label: "Steps",
    hint: "At most this many looks at the loss while the value is optimised",
  },
  clamp: {
    field: "clamp",
    label: "Clamp",
    hint: "‖δ‖ is held below this many times the norm of the original value",
  },
  learningRate: { field: "learningRate", label: "Learning rate", hint: "Of Adam on δ" },
  klFactor: {
    field: "klFactor",
    label: "KL factor",
    hint: "Weight of the term that keeps “{subject} is a …” as it was",
  },
  weightDecay: {
    field: "weightDecay",
    label: "Weight decay",
    hint: "Weight of ‖δ‖ / ‖v‖²",
  },
  seed: { field: "seed", label: "Seed", hint: "Of the sampled prefixes" },
} as const;

/** ROME's settings that stand in the open. */
export const romeMain: Setting<RomeField>[] = [
  layer,
  search.steps,
  search.clamp,
  search.learningRate,
];

/** ROME's other settings. */
export const romeMore: Setting<RomeField>[] = [
  search.klFactor,
  search.weightDecay,
  {
    field: "contexts",
    label: "Contexts",
    hint: "10×5, 10×10: ten sampled prefixes of 5 tokens and ten of 10",
  },
  search.seed,
  {
    field: "keyMode",
    label: "Key mode",
    hint: "Which key the right vector divides by: the bare prompt’s, as published, or the mean one",
    options: [
      ["code", "as published"],
      ["r-rome", "r-ROME (mean key)"],
    ],
  },
  {
    field: "covariance",
    label: "Covariance",
    hint: "u = C⁻¹k, or u = k without statistics",
    options: [
      ["C", "C of the layer"],
      ["I", "identity (C = I)"],
    ],
  },
];

/** MEMIT's settings that stand in the open. */
export const memitMain: Setting<MemitField>[] = [
  {
    field: "layers",
    label: "Layers",
    hint: "The blocks that share the change: 0, 1, 2 or 13–17",
  },
  {
    field: "lambda",
    label: "λ",
    hint: "How many old memories the new ones are weighed against: more keeps more, writes less",
  },
  search.steps,
  search.clamp,
  search.learningRate,
];

/** MEMIT's other settings. */
export const memitMore: Setting<MemitField>[] = [search.klFactor, search.weightDecay, search.seed];
