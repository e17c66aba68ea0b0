import { parseCases } from "../../src/data/facts/facts.ts";
import type { Trace } from "../../src/data/trace/Trace.ts";
import type { Model } from "../../src/engine/Model.ts";
import { averageEffects, type AverageEffects } from "../../src/methods/trace/averageEffects.ts";
import { sigma } from "../../src/methods/trace/sigma.ts";
import { trace } from "../../src/methods/trace/trace.ts";
import { tracePreset } from "../../src/methods/trace/tracePreset.ts";
import { templateSpan } from "../../src/methods/prompt/subject.ts";
import { knownCases } from "../../src/studies/knownCases.ts";

const FACTS = 100;
export const kinds = ["state", "mlp", "attn"] as const;

/** Average causal traces of one model over the same facts (METHODS 2.8). */
export interface AverageTraces {
  facts: number;
  sigma: number;
  window: number;
  layers: number;
  highScore: number;
  lowScore: number;
  /** Average indirect effects by layer, at the last subject token and at the prompt's last. */
  effects: Record<(typeof kinds)[number], { subject: number[]; last: number[] }>;
}

/** Traces the first hundred known cases by the authors' rules: noise of 3σ, ten samples, states and windows. */
export async function averageTrace(
  model: Model,
  json: unknown,
  onProgress: (sentence: string) => void,
): Promise<AverageTraces> {
  const cases = parseCases(json);
  const { known } = await knownCases(model, cases, { limit: FACTS });
  const facts = known.map((place) => cases[place]);
  const unit = await sigma(model, [...new Set(facts.map(({ subject }) => subject))]);
  const { settings } = tracePreset(model.config);
  const found: Partial<Record<(typeof kinds)[number], AverageEffects>> = {};
  for (const kind of kinds) {
    const traces: Trace[] = [];
    for (const { prompt, subject } of facts) {
      const { text } = templateSpan(prompt, subject);
      const request = { ...settings, prompt: text, subject, kind, replace: false };
      traces.push(await trace(model, request, { sigma: unit }));
      onProgress(`${kind}: ${traces.length} of ${facts.length} facts`);
    }
    found[kind] = averageEffects(traces);
  }
  const { layers, highScore, lowScore } = found.state!;
  const rowOf = (kind: (typeof kinds)[number], row: number) =>
    Array.from(found[kind]!.effects.subarray(row * layers, (row + 1) * layers));
  const both = (kind: (typeof kinds)[number]) => ({
    subject: rowOf(kind, 2),
    last: rowOf(kind, 5),
  });
  return {
    facts: facts.length,
    sigma: unit,
    window: settings.window,
    layers,
    highScore,
    lowScore,
    effects: { state: both("state"), mlp: both("mlp"), attn: both("attn") },
  };
}
