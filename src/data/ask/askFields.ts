import type { Field } from "../settings/Field.ts";

/** How a text is continued. */
export interface AskSettings {
  /** At most so many tokens after the prompt. */
  tokens: number;
  /** Sampled among so many of the likeliest; 1 is greedy. */
  topK: number;
  temperature: number;
  seed: number;
}

/** What the page's box and the terminal's `generate` start from: greedy text. */
export const askPreset: AskSettings = { tokens: 40, topK: 1, temperature: 1, seed: 1 };

/** The settings of a continuation as a form, or as options. */
export const askFields = [
  {
    name: "tokens",
    label: "Tokens",
    hint: "At most so many after the prompt; it ends earlier where the model ends its text",
    kind: { type: "number", min: 1, max: 2048, whole: true },
    main: true,
  },
  {
    name: "topK",
    label: "Top k",
    hint: "Sampled among so many of the likeliest tokens; 1 always takes the likeliest",
    kind: { type: "number", min: 1, max: 100_000, whole: true },
  },
  {
    name: "temperature",
    label: "Temperature",
    hint: "Below 1 the likely tokens are drawn more often than the model says, above 1 less often",
    kind: { type: "number", above: 0, max: 100 },
  },
  {
    name: "seed",
    label: "Seed",
    hint: "Of the sampling; with and without the edits the same numbers are drawn",
    kind: { type: "number", min: 0, max: 2 ** 32 - 1, whole: true },
  },
] as const satisfies readonly Field[];
