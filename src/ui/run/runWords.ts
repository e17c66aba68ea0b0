import { shown } from "../../data/outside/shown.ts";
import type { RunContext, RunSigma } from "../../data/run/RunContext.ts";
import { noiseText } from "../../data/trace/noiseCode.ts";
import type { Noise } from "../../data/trace/Noise.ts";
import { short } from "../parts/numbers.ts";

/** The edits that were on: `no edit`, `one edit` and its name, `3 edits`. */
export function editWords({ edits }: Pick<RunContext, "edits">): string {
  const [first, ...others] = edits;
  if (edits.length === 0) return "no edit";
  return others.length ? `${edits.length} edits` : `one edit, ${shown(first.title, 80)}`;
}

/** What a trace was made with, in one line: `window 3, 10 samples, noise 3s, seed 1`. */
export function traceWords({ settings, seed }: Pick<RunContext, "settings" | "seed">): string {
  const { window, samples, noise, replace } = settings as {
    window: number;
    samples: number;
    noise: Noise;
    replace?: boolean;
  };
  const sampled = samples === 1 ? "one sample" : `${samples} samples`;
  const put = replace ? ", in the place of the subject" : "";
  return `window ${window}, ${sampled}, noise ${noiseText(noise)}${put}, seed ${seed}`;
}

/** σ and what it was measured over: `σ 0.0617 over the 480 subjects of the example facts`. */
export const sigmaWords = ({ value, set }: RunSigma): string =>
  `σ ${short(value)} over ${shown(set, 80)}`;

/** When a run began, as the reader's clock has it. */
export function begunWords({ begun }: Pick<RunContext, "begun">): string {
  const at = new Date(begun);
  return at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}
