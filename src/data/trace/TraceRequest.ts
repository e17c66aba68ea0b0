import type { Noise } from "./Noise.ts";

/** What is restored: a block's output, or the outputs of the MLPs or attentions of a window of layers. */
export type TraceKind = "state" | "mlp" | "attn";

/** One causal trace (METHODS 2). */
export interface TraceRequest {
  /** Complete text that contains the subject, or text with one `{}` for it. */
  prompt: string;
  subject: string;
  /** Which of several occurrences of the subject, from 0. */
  occurrence?: number | undefined;
  /** Whose probability is followed; by default the model's own answer, one token. */
  target?: string | undefined;
  kind: TraceKind;
  /** How many layers are restored together; for "state" it is always one. */
  window: number;
  samples: number;
  noise: Noise;
  /** Put the noise in the place of the subject's embeddings instead of adding it. */
  replace: boolean;
  seed: number;
  /** Which draw of the seed's generator is the noise, from 1, by default the first (METHODS 2.7 takes the second). */
  draw?: number | undefined;
  /** The tokens to restore; by default all of the prompt's. */
  tokens?: number[] | undefined;
  /**
   * "parity" keeps the authors' slip that the corrupted run without restoration always adds its noise,
   * also with `replace` (METHODS 2.4); "mended", the default, corrupts it as every other run.
   */
  baseline?: "parity" | "mended" | undefined;
}
