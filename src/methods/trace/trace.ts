import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { Trace, TraceStart } from "../../data/trace/Trace.ts";
import type { TraceRequest } from "../../data/trace/TraceRequest.ts";
import type { Model } from "../../engine/Model.ts";
import { cleanRun, type CleanRun } from "./cleanRun.ts";
import { corruptedRun, type CorruptionOptions } from "./corruptedRun.ts";
import { noiseLevel } from "./noise.ts";
import { answerProbability, type Readout } from "./readout.ts";
import { restoreCells } from "./restoration.ts";
import { planTrace, type TracePlan } from "./tracePlan.ts";
import { isBeyond, whatIsBeyond } from "../../engine/transformer/finite.ts";
import type { Noise } from "../../data/trace/Noise.ts";
import { noiseText } from "../../data/trace/noiseCode.ts";
import { windowWidth } from "./window.ts";

/** Options of {@link trace}. */
export interface TraceOptions extends Stoppable {
  /** σ, where it is known (see {@link sigma}); otherwise it is measured on this one subject. */
  sigma?: number | undefined;
  /** What is followed; by default the probability of the answer. */
  readout?: Readout | undefined;
  /** Called once, when the clean and the corrupted runs are done. */
  onStart?: ((start: TraceStart) => void) | undefined;
  /** Called when all layers of a token are there, with p(answer) [layer]; tokens come top to bottom. */
  onRow?: ((token: number, row: Float32Array) => void) | undefined;
}

/**
 * Causal tracing (METHODS 2; Meng et al. 2022, section 2): runs the prompt clean, then `samples` times
 * with noise on the subject's embeddings, then again for every token and layer with the clean value put
 * back there. The cell (t, l) is the mean probability of the answer over the samples.
 *
 * @throws one sentence for a prompt, subject, target or option that cannot be traced, or a noise that no number can hold
 */
export function trace(
  model: Model,
  request: TraceRequest,
  options: TraceOptions = {},
): Promise<Trace> {
  return model.frame(() => traced(model, request, options));
}

async function traced(model: Model, request: TraceRequest, options: TraceOptions): Promise<Trace> {
  const { signal, readout = answerProbability } = options;
  const costBefore = model.cost.blockTokens;
  const planned = planTrace(model, request);
  const level = await noiseLevel(model, request, options.sigma);
  const clean = await cleanRun(model, planned, { kind: request.kind, readout, signal });
  const plan = { ...planned, answerIds: clean.answerIds };
  const corruption = { request, level, readout, signal };
  const noise = { noise: request.noise, level };
  const corrupted = await withNoise(noise, () => corruptedRun(model, plan, clean, corruption));
  const lowScore = isSlip(request)
    ? await withNoise(noise, () => addedScore(model, plan, clean, corruption))
    : corrupted.score;
  const tokenIds = plan.input.slice(0, plan.promptLength);
  const start: TraceStart = {
    kind: request.kind,
    window: windowWidth(request),
    tokens: model.tokenizer.tokens(tokenIds),
    spellings: model.tokenizer.spellings(tokenIds),
    tokenIds,
    subjectRange: plan.subject,
    answer: model.tokenizer.spell(clean.answerIds),
    layers: model.config.layers,
    highScore: clean.score,
    lowScore,
  };
  options.onStart?.(start);
  const { onRow } = options;
  const restoration = { request, clean, corrupted, readout, signal, onRow };
  const scores = await withNoise(noise, () => restoreCells(model, plan, restoration));
  corrupted.kept.dispose();
  clean.kept.dispose();
  return {
    ...start,
    answerIds: clean.answerIds,
    scores,
    noiseLevel: level,
    correctPrediction: clean.correctPrediction,
    blockTokens: model.cost.blockTokens - costBefore,
  };
}

/** The clean run had numbers: where a corrupted one has none, the noise did it. */
async function withNoise<T>(
  { noise, level }: { noise: Noise; level: number },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isBeyond(error)) throw error;
    const unit = noise.kind === "sigma" ? `, a level of ${level}` : "";
    const sentence = `${whatIsBeyond(error)}: the noise is ${noiseText(noise)}${unit}; take a smaller one`;
    throw new Error(sentence, { cause: error });
  }
}

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
