import type { ModelView, Precision } from "../../../workers/protocol/protocol.ts";

/** Precisions as a reader says them. */
export const precisionNames: Record<Precision, string> = {
  f32: "float32",
  f16: "float16",
  q8: "8 bits",
  q4: "4 bits",
};

/** What each does to the weights. */
export const precisionNotes: Record<Precision, string> = {
  f32: "the weights as they were trained",
  f16: "weights rounded to 11 bits",
  q8: "blocks of 32 weights share a scale; off by at most 0.4 % of a block’s largest",
  q4: "as 8 bits, but off by up to 7 %; the embedding and the head keep 8 bits",
};

/** A sentence of the engine's with its codes of precisions as a reader says them. */
export const inWords = (sentence: string): string =>
  sentence.replace(/(?<![\w-])(f32|f16|q8|q4)\b/g, (code) => precisionNames[code as Precision]);

/** A model as plots and files name it: with its precision, where that is not the full one. */
export const labelOf = ({ config, precision }: Pick<ModelView, "config" | "precision">): string =>
  precision === "f32" ? config.name : `${config.name} (${precisionNames[precision]})`;
