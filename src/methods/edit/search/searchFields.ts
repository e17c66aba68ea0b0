import type { Field } from "../../../data/settings/Field.ts";
import type { ValueSettings } from "./valueSearch.ts";

/** The fields of the search for a value, which editors share that optimise one. */
export const searchFields = {
  steps: {
    name: "steps",
    label: "Steps",
    hint: "At most this many looks at the loss while the value is optimised",
    kind: { type: "number", min: 1, max: 1000, whole: true },
    main: true,
  },
  clamp: {
    name: "clamp",
    label: "Clamp",
    hint: "‖δ‖ is held below this many times the norm of the original value",
    kind: { type: "number", above: 0 },
    main: true,
  },
  learningRate: {
    name: "learningRate",
    label: "Learning rate",
    hint: "Of Adam on δ",
    kind: { type: "number", above: 0 },
    main: true,
  },
  klFactor: {
    name: "klFactor",
    label: "KL factor",
    hint: "Weight of the term that keeps “{subject} is a …” as it was",
    kind: { type: "number", min: 0 },
  },
  weightDecay: {
    name: "weightDecay",
    label: "Weight decay",
    hint: "Weight of ‖δ‖ / ‖v‖²",
    kind: { type: "number", min: 0 },
  },
} as const satisfies Partial<Record<keyof ValueSettings, Field>>;

/** The terms of its loss, as they are drawn. */
export const searchCurves = [
  { name: "nll", label: "NLL" },
  { name: "kl", label: "KL" },
  { name: "decay", label: "decay" },
] as const;
