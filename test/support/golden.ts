import { readFile } from "node:fs/promises";
import type { EditRequest } from "../../src/methods/edit/editRequest.ts";
import type { RomeHyperparameters } from "../../src/methods/edit/rome/RomeHyperparameters.ts";
import type { ValueStep } from "../../src/methods/edit/search/valueSearch.ts";
import type { MemitHyperparameters } from "../../src/methods/edit/memit/MemitHyperparameters.ts";
import type { TraceRequest } from "../../src/data/trace/TraceRequest.ts";

/** One causal trace by test/golden/causal_tracing.py, in float64. */
export interface GoldenTrace {
  request: TraceRequest;
  sigma: number;
  noiseLevel: number;
  tokenIds: number[];
  subjectRange: [number, number];
  answer: string;
  answerIds: number[];
  correctPrediction: boolean;
  highScore: number;
  /** The low score of a trace whose baseline is "mended"; "parity" gives `lowScoreAdded`. */
  lowScore: number;
  lowScoreAdded: number;
  /** [token][layer]. */
  scores: number[][];
}

/** One ROME edit by test/golden/rome.py, in float64. */
export interface GoldenEdit {
  request: EditRequest;
  hyperparameters: RomeHyperparameters;
  contexts: string[];
  /** [dMlp]. */
  u: number[];
  /** [dModel]. */
  v: number[];
  /** [dModel]. */
  vStar: number[];
  steps: ValueStep[];
  relativeNorm: number;
  keyRatio: number;
  /** p(whole target | bare prompt), before and with the edit. */
  probabilityBefore: number;
  probabilityAfter: number;
}

/** One MEMIT edit by test/golden/memit.py, in float64. */
export interface GoldenMassEdit {
  requests: EditRequest[];
  hyperparameters: MemitHyperparameters;
  contexts: string[][];
  /** Per fact. */
  steps: { loss: number; norm: number }[][];
  layers: { layer: number; relativeNorm: number }[];
  /** The file with z [dModel, fact], and per layer keys and adj_k [dMlp, fact] and resid [dModel, fact]. */
  arrays: string;
  /** Per fact, p(whole target | bare prompt), before and with the edit. */
  probabilityBefore: number[];
  probabilityAfter: number[];
}

/** Traces by name, and σ with the subjects that it was measured on. */
export interface GoldenTraces {
  sigmaSubjects: string[];
  sigma: number;
  traces: Record<string, GoldenTrace>;
}

/** Made by `python test/golden/make.py demo` for one file of weights. */
export interface MadeFor {
  /** Of public/models/demo/model.safetensors. */
  weightsSha256: string;
}

/**
 * Numbers of one checkpoint: `engine.json`, `trace.json`, `rome.json` or `scores.json`.
 *
 * @throws with the command that makes it, where it is missing
 */
export async function goldenNumbers<T>(model: string, file: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await goldenFile(`numbers/${model}/${file}`))) as T;
}

/**
 * A file of test/golden.
 *
 * @throws with the command that makes it, where it is missing
 */
export async function goldenFile(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(new URL(`../golden/${path}`, import.meta.url)));
  } catch (cause) {
    const command = `python test/golden/make.py${path.includes("/demo/") ? " demo" : ""}`;
    throw new Error(`test/golden/${path} is missing; make it with: ${command}`, { cause });
  }
}
