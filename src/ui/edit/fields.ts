import type { MemitHyperparameters } from "../../methods/edit/memit/MemitHyperparameters.ts";
import type { TracePreset } from "../../../workers/protocol/protocol.ts";
import type { RomeHyperparameters } from "../../methods/edit/rome/RomeHyperparameters.ts";
import type { TraceRequest } from "../../data/trace/TraceRequest.ts";

/** A number as a reader typed it; the error names the field, the text and what would do. */
export function numberOf(
  name: string,
  text: string,
  {
    integer = false,
    min = -Infinity,
    max = Infinity,
  }: { integer?: boolean; min?: number; max?: number } = {},
): number {
  const value = Number(text.trim().replace("−", "-"));
  const fits = text.trim() !== "" && Number.isFinite(value) && value >= min && value <= max;
  if (fits && (!integer || Number.isInteger(value))) return value;
  throw new Error(`invalid ${name}: ${text.trim() || "nothing"} (${span(integer, min, max)})`);
}

function span(integer: boolean, min: number, max: number): string {
  const kind = integer ? "a whole number" : "a number";
  if (min > -Infinity && max < Infinity) return `${kind} from ${min} to ${max}`;
  if (min > -Infinity) return `${kind}, ${min} or more`;
  return kind;
}

/** The authors' noise codes: `3s` is 3 σ of the subjects' embeddings, `0.1` a fixed level, `u0.1` uniform. */
export function noiseOf(text: string): TraceRequest["noise"] {
  const code = text.trim();
  const options = { min: 0 };
  if (/^s/.test(code) || /s$/.test(code))
    return { kind: "sigma", factor: numberOf("noise", code.replace("s", "") || "1", options) };
  if (/^u/.test(code)) return { kind: "uniform", level: numberOf("noise", code.slice(1), options) };
  if (code === "" || Number.isNaN(Number(code)))
    throw new Error(
      `invalid noise: ${code || "nothing"} (3s for 3 σ, 0.1 for a level, u0.1 for uniform noise)`,
    );
  return { kind: "level", level: numberOf("noise", code, options) };
}

/** The fields of a trace that are typed, and what is meant where nothing was: a model's preset. */
export const traceDefaults = ({ window, samples, noise }: Omit<TracePreset, "source">) => ({
  window: String(window),
  samples: String(samples),
  noise: noiseText(noise),
  seed: "1",
});
export type TraceField = keyof ReturnType<typeof traceDefaults>;

/** A trace's noise as it is typed; what {@link noiseOf} reads. */
const noiseText = (noise: TraceRequest["noise"]) =>
  noise.kind === "sigma"
    ? `${noise.factor}s`
    : `${noise.kind === "uniform" ? "u" : ""}${noise.level}`;

/** The typed fields of a trace as its request takes them. */
export function traceSettings(text: Record<TraceField, string>) {
  return {
    window: numberOf("window", text.window, { integer: true, min: 1 }),
    samples: numberOf("samples", text.samples, { integer: true, min: 1, max: 1000 }),
    noise: noiseOf(text.noise),
    seed: seedOf(text.seed),
  };
}

/** ROME's fields as text, from a model's preset. */
export const romeDefaults = (preset: RomeHyperparameters) => ({
  layer: String(preset.layer),
  steps: String(preset.steps),
  learningRate: String(preset.learningRate),
  clamp: String(preset.clamp),
  weightDecay: String(preset.weightDecay),
  klFactor: String(preset.klFactor),
  keyMode: preset.keyMode as string,
  covariance: preset.covariance as string,
  contexts: preset.contextLengths.map(([length, count]) => `${count}×${length}`).join(", "),
  seed: "0",
});
export type RomeField = keyof ReturnType<typeof romeDefaults>;

/** The typed fields as ROME takes them; `preset` gives what has no field. */
export function romeSettings(
  text: Record<RomeField, string>,
  preset: RomeHyperparameters,
  layers: number,
) {
  const layer = Number(text.layer);
  if (!Number.isInteger(layer) || layer < 0 || layer >= layers || text.layer.trim() === "")
    throw new Error(
      `invalid layer: ${text.layer.trim() || "nothing"} (this model has 0–${layers - 1})`,
    );
  const hyperparameters: RomeHyperparameters = {
    layer,
    ...searchSettings(text),
    keyMode: text.keyMode === "r-rome" ? "r-rome" : "code",
    covariance: text.covariance === "C" ? "C" : "I",
    contextLengths: contextLengthsOf(text.contexts),
    factToken: preset.factToken,
  };
  return { hyperparameters, seed: seedOf(text.seed) };
}

/** MEMIT's fields as text, from a model's preset. */
export const memitDefaults = (preset: MemitHyperparameters) => ({
  layers: preset.layers.join(", "),
  lambda: String(preset.lambda),
  steps: String(preset.steps),
  clamp: String(preset.clamp),
  learningRate: String(preset.learningRate),
  klFactor: String(preset.klFactor),
  weightDecay: String(preset.weightDecay),
  seed: "0",
});
export type MemitField = keyof ReturnType<typeof memitDefaults>;

/** The typed fields as MEMIT takes them; `preset` gives what has no field. */
export function memitSettings(
  text: Record<MemitField, string>,
  preset: MemitHyperparameters,
  layers: number,
) {
  const hyperparameters: MemitHyperparameters = {
    layers: layersOf(text.layers, layers),
    lambda: numberOf("λ", text.lambda, { min: 0 }),
    ...searchSettings(text),
    factToken: preset.factToken,
  };
  return { hyperparameters, seed: seedOf(text.seed) };
}

/** `0, 1, 2` or `13–17`: layers in ascending order. */
export function layersOf(text: string, layers: number): number[] {
  const parts = text.split(/[,\s]+/).filter(Boolean);
  const named = parts.flatMap((part) => {
    const [first, last = first] = part.split(/[-–]/);
    const [begin, end] = [first, last].map((end) => (/^\d+$/.test(end) ? Number(end) : NaN));
    if (!(begin <= end && end < layers))
      throw new Error(`invalid layers: ${part} (this model has 0–${layers - 1})`);
    return Array.from({ length: end - begin + 1 }, (_, i) => begin + i);
  });
  if (!named.length) throw new Error("invalid layers: nothing (write 0, 1, 2 or 13–17)");
  return [...new Set(named)].sort((a, b) => a - b);
}

/** What ROME and MEMIT search with. */
const searchSettings = (
  text: Record<"steps" | "learningRate" | "clamp" | "weightDecay" | "klFactor", string>,
) => ({
  steps: numberOf("steps", text.steps, { integer: true, min: 1, max: 1000 }),
  learningRate: numberOf("learning rate", text.learningRate, { min: 0 }),
  clamp: numberOf("clamp", text.clamp, { min: 0 }),
  weightDecay: numberOf("weight decay", text.weightDecay, { min: 0 }),
  klFactor: numberOf("KL factor", text.klFactor, { min: 0 }),
});

const seedOf = (text: string) =>
  numberOf("seed", text, { integer: true, min: 0, max: 2 ** 32 - 1 });

/** `10×5, 10×10` is ten sampled prefixes of up to 5 tokens and ten of up to 10; nothing is none. */
export function contextLengthsOf(text: string): [length: number, count: number][] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter(Boolean).map((part) => {
    const match = /^(\d+)\s*[x×*]\s*(\d+)$/.exec(part);
    if (!match)
      throw new Error(
        `invalid contexts: ${part} (write 10×5 for ten sampled prefixes of 5 tokens)`,
      );
    return [Number(match[2]), Number(match[1])];
  });
}

/** Lines of a text area that hold something. */
export const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
