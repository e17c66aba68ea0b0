import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { Model } from "../../engine/Model.ts";
import { cleanRun, type CleanRun } from "./cleanRun.ts";
import { corruptedRun, type CorruptionOptions } from "./corruptedRun.ts";
import { noiseLevel, type Noise } from "./noise.ts";
import { restoreCells } from "./restoration.ts";
import { planTrace, type TracePlan } from "./tracePlan.ts";

/** What is restored: a block's output, or the outputs of the MLPs or attentions of a window of layers. */
export type TraceKind = "state" | "mlp" | "attn";

/** One causal trace (METHODS 2). */
export interface TraceRequest {
  /** Complete text that contains the subject, or text with one `{}` for it. */
  prompt: string;
  subject: string;
  /** Which of several occurrences of the subject, from 0. */
  occurrence?: number;
  /** Whose probability is followed; by default the model's own answer, one token. */
  target?: string;
  kind: TraceKind;
  /** How many layers are restored together; for "state" it is always one. */
  window: number;
  samples: number;
  noise: Noise;
  /** Put the noise in the place of the subject's embeddings instead of adding it. */
  replace: boolean;
  seed: number;
  /** The tokens to restore; by default all of the prompt's. */
  tokens?: number[];
  /**
   * "parity" keeps the authors' slip that the corrupted run without restoration always adds its noise,
   * also with `replace` (METHODS 2.4); "mended", the default, corrupts it as every other run.
   */
  baseline?: "parity" | "mended";
}

/** What a trace found. Scores are probabilities; subtract `lowScore` for the indirect effect. */
export interface Trace {
  kind: TraceKind;
  window: number;
  tokens: string[];
  tokenIds: number[];
  /** Tokens [begin, end) of the subject. */
  subjectRange: [number, number];
  answer: string;
  answerIds: number[];
  /** p(answer), clean; for several tokens their joint probability. */
  highScore: number;
  /** p(answer) with the subject corrupted and nothing restored: the mean over the samples. */
  lowScore: number;
  /** [token, layer]; NaN in the rows of tokens that were not asked for. */
  scores: Float32Array;
  noiseLevel: number;
  layers: number;
  /** Whether the answer is what the model says by itself (METHODS 2.3). */
  correctPrediction: boolean;
  /** What the trace cost, in block-token evaluations. */
  blockTokens: number;
}

/** What a trace is known to be before the first value is put back. */
export type TraceStart = Pick<
  Trace,
  "tokens" | "tokenIds" | "subjectRange" | "answer" | "layers" | "highScore" | "lowScore"
>;

/** Options of {@link trace}. */
export interface TraceOptions extends Stoppable {
  /** σ, where it is known (see {@link sigma}); otherwise it is measured on this one subject. */
  sigma?: number;
  /** Called once, when the clean and the corrupted runs are done. */
  onStart?: (start: TraceStart) => void;
  /** Called when all layers of a token are there, with p(answer) [layer]; tokens come top to bottom. */
  onRow?: (token: number, row: Float32Array) => void;
}

/**
 * Causal tracing (METHODS 2; Meng et al. 2022, section 2): runs the prompt clean, then `samples` times
 * with noise on the subject's embeddings, then again for every token and layer with the clean value put
 * back there. The cell (t, l) is the mean probability of the answer over the samples.
 *
 * @throws one sentence for a prompt, subject, target or option that cannot be traced
 */
export async function trace(
  model: Model,
  request: TraceRequest,
  options: TraceOptions = {},
): Promise<Trace> {
  const { signal } = options;
  const costBefore = model.cost.blockTokens;
  const planned = planTrace(model, request);
  const level = await noiseLevel(model, request, options.sigma);
  const clean = await cleanRun(model, planned, { kind: request.kind, signal });
  try {
    const plan = { ...planned, answerIds: clean.answerIds };
    const corruption = { request, level, signal };
    const corrupted = await corruptedRun(model, plan, clean, corruption);
    try {
      const lowScore = isSlip(request)
        ? await addedScore(model, plan, clean, corruption)
        : corrupted.score;
      const tokenIds = plan.input.slice(0, plan.promptLength);
      const start: TraceStart = {
        tokens: model.tokenizer.tokens(tokenIds),
        tokenIds,
        subjectRange: plan.subject,
        answer: model.tokenizer.decode(clean.answerIds),
        layers: model.config.layers,
        highScore: clean.score,
        lowScore,
      };
      options.onStart?.(start);
      const scores = await restoreCells(model, plan, {
        request,
        clean,
        corrupted,
        signal,
        onRow: options.onRow,
      });
      return {
        ...start,
        kind: request.kind,
        window: windowWidth(request),
        answerIds: clean.answerIds,
        scores,
        noiseLevel: level,
        correctPrediction: clean.correctPrediction,
        blockTokens: model.cost.blockTokens - costBefore,
      };
    } finally {
      corrupted.kept.dispose();
    }
  } finally {
    clean.kept.dispose();
  }
}

/** How many layers are restored together: always one for states. */
export const windowWidth = ({ kind, window }: Pick<TraceRequest, "kind" | "window">): number =>
  kind === "state" ? 1 : window;

const isSlip = ({ baseline, replace }: TraceRequest): boolean => baseline === "parity" && replace;

/** The authors' low score with `replace`: the noise is added all the same (METHODS 2.4). */
async function addedScore(
  model: Model,
  plan: TracePlan,
  clean: CleanRun,
  corruption: CorruptionOptions,
): Promise<number> {
  const request = { ...corruption.request, replace: false };
  const { kept, score } = await corruptedRun(model, plan, clean, { ...corruption, request });
  kept.dispose();
  return score;
}
