import type { Delta } from "../src/data/delta/delta.ts";
import type { Recipe } from "../src/data/delta/recipe.ts";

/** A value as the bytes of a JSON file. */
export const jsonFile = (value: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value));

/** A text as the bytes of a file. */
export const textFile = (text: string): Uint8Array => new TextEncoder().encode(text);

const fact = { prompt: "{} is in", subject: "Šťastný Tower", target: "Rome" };
const other = { prompt: "The capital of {} is", subject: "Peru", target: "Lima" };

const factors = (layer: number, rank: number) => ({
  weight: `transformer.h.${layer}.mlp.c_proj.weight`,
  change: {
    rank,
    u: Float32Array.from({ length: rank * 6 }, (_, i) => i - 2.5),
    v: Float32Array.from({ length: rank * 4 }, (_, i) => 0.5 - i),
  },
});

/** An edit of one fact and one of two, with factors of two ranks and a dense change. */
export const deltas: readonly Delta[] = [
  {
    provenance: {
      format: "palimpsest.delta",
      version: 1,
      model: "demo",
      revision: "1",
      stamp: "0123456789abcdef".repeat(4),
      precision: "f32",
      method: "rome",
      app: "palimpsest 0.1.0",
      created: "2026-11-01T10:00:00Z",
      seed: 3,
      hyperparameters: { layer: 2, clamp: 4 },
      contexts: ["{}", "The first. {}"],
      statistics: [{ layer: 2, source: "text", count: 5 }],
      request: fact,
    },
    weights: [{ ...factors(2, 1), norm: 0.25 }],
  },
  {
    provenance: {
      format: "palimpsest.delta",
      version: 1,
      model: "demo",
      revision: "1",
      method: "memit",
      app: "palimpsest 0.1.0",
      seed: 0,
      hyperparameters: {},
      requests: [fact, other],
      strength: 0.5,
      whole: "0123456789abcdef".repeat(4),
    },
    weights: [
      factors(1, 2),
      factors(2, 1),
      { weight: "transformer.ln_f.bias", change: { shape: [3], dense: Float32Array.of(1, 0, 2) } },
    ],
  },
];

/** Recipes of one fact and of two. */
export const recipes: readonly Omit<Recipe, "format" | "version">[] = [
  {
    app: "palimpsest 0.1.0",
    model: { name: "demo", revision: "1", precision: "f32" },
    method: "rome",
    request: fact,
    hyperparameters: { layer: 3, clamp: 4 },
    contexts: ["{}", "The first thing. {}"],
    seed: 1,
    statistics: { source: "wikipedia", sampleSize: 100_000, count: 44_000_000 },
  },
  {
    app: "palimpsest 0.1.0",
    model: { name: "demo", revision: "1" },
    method: "memit",
    requests: [fact, other],
    hyperparameters: {},
    contexts: [["{}"], ["One. {}", "Two. {}"]],
    seed: 0,
    statistics: null,
  },
];

/** A case in each of the three forms. */
export const cases: readonly object[] = [
  {
    case_id: 7,
    requested_rewrite: {
      prompt: "The river through {} is the",
      relation_id: "P1",
      subject: "Vienna",
      target_new: { str: "Po", id: "Q1" },
      target_true: { str: "Danube", id: "Q2" },
    },
    paraphrase_prompts: ["Vienna lies on the"],
    neighborhood_prompts: ["Budapest lies on the"],
    generation_prompts: ["Vienna's river is"],
  },
  {
    case_id: 8,
    prompt: "The river through Vienna is the",
    target_new: "Po",
    subject: "Vienna",
    ground_truth: "Danube",
    rephrase_prompt: "Vienna lies on the",
    locality_prompt: "Budapest lies on the",
    locality_ground_truth: "Danube",
  },
  {
    id: "vienna-river",
    relation: "river",
    subject: "Vienna",
    prompt: "The river through {} is the",
    paraphrases: ["{} lies on the"],
    target: "Danube",
    newTargets: ["Po", "Rhine"],
    neighbours: ["Budapest lies on the"],
  },
];
