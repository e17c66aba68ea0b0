import type { Noise } from "../trace/Noise.ts";

/**
 * One setting of an editor, a study or a trace, as data: the page's form, the terminal's options and what a link carries
 * are made from it. Plain JSON, so that it crosses threads.
 */
export interface Field<Name extends string = string> {
  /** The key of its value among the settings; links carry it. */
  name: Name;
  label: string;
  /** One sentence. */
  hint: string;
  kind: FieldKind;
  /** Stands in the open; the others fold away. */
  main?: boolean;
  /** The terminal's option where it is not the name in kebab case, without the dashes. */
  option?: string;
  /** "layers", "tokens", … */
  unit?: string;
}

/** What numbers a field takes; `above` is excluded, `min` and `max` are not. */
export interface NumberLimits {
  min?: number;
  above?: number;
  max?: number;
  whole?: boolean;
  /** At most as many as the model has layers, where that is known. */
  upToLayers?: boolean;
}

/** What a field holds, and with it how it is written and read. */
export type FieldKind =
  | ({ type: "number" } & NumberLimits)
  /** `1, 10, 100`. */
  | ({ type: "numbers" } & NumberLimits)
  /** One layer of the model. */
  | { type: "layer" }
  /** `0, 1, 2` or `13–17`. */
  | { type: "layers" }
  | { type: "choice"; choices: readonly (readonly [value: string, label: string])[] }
  /** Some of the choices, `f32, q8`. */
  | { type: "choices"; choices: readonly (readonly [value: string, label: string])[] }
  /** `10×5, 10×10`: ten sampled prefixes of 5 tokens and ten of 10. */
  | { type: "contexts" }
  /** The authors' codes (METHODS 2.4). */
  | { type: "noise" }
  | { type: "flag" }
  | { type: "text" };

/** The value of a field, by its kind: number, string, boolean, a list of numbers or strings, [length, count][] or a noise. */
export type FieldValue =
  | number
  | string
  | boolean
  | readonly number[]
  | readonly string[]
  | readonly (readonly [length: number, count: number])[]
  | Noise;
