import type { Field } from "../settings/Field.ts";

/** What is typed of a causal trace beside its fact; a model's preset gives what is meant where nothing was. */
export const traceFields = [
  {
    name: "samples",
    label: "Samples",
    hint: "How many corrupted runs are averaged; the paper takes 10",
    kind: { type: "number", min: 1, max: 1000, whole: true },
    main: true,
  },
  {
    name: "noise",
    label: "Noise",
    hint: "3s: three standard deviations of subject embeddings; 0.1: a level; u0.1: uniform",
    kind: { type: "noise" },
    main: true,
  },
  {
    name: "window",
    label: "Window",
    hint: "How many layers of MLP or attention are restored together",
    kind: { type: "number", min: 1, whole: true, upToLayers: true },
    main: true,
  },
  {
    name: "seed",
    label: "Seed",
    hint: "Of NumPy's RandomState; the authors use 1",
    kind: { type: "number", min: 0, max: 2 ** 32 - 1, whole: true },
    main: true,
  },
] as const satisfies readonly Field[];
