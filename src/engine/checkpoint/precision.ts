import { BLOCK } from "./quantize.ts";

/** How the matrices of a model are kept: as float32, float16, or in blocks of 32 with 8 or 4 bits a weight. */
export const precisions = ["f32", "f16", "q8", "q4"] as const;
export type Precision = (typeof precisions)[number];

/** How one matrix lies on the device: its form, and how many outputs each of its parts has. */
export interface Layout {
  form: Precision;
  parts: readonly number[];
}

// A quantized or half-precision part is expanded to float32 where its gradient is taken: this bounds that scratch.
const EXPANDED_LIMIT = 2 ** 28;

/**
 * The form of a table that tokens are looked up in or scored by, the embedding or the head. They are the model's ends, where four
 * bits cost more than they save: they get eight.
 */
export const tableForm = (precision: Precision): Precision =>
  precision === "q4" ? "q8" : precision;

/**
 * Cuts a matrix [inputs, outputs] along its outputs, so that each part can be bound by itself.
 *
 * @param bindingLimit in bytes; of the float32 form, in which every part must fit too
 * @throws where not even one output fits
 */
export function layoutOf(
  form: Precision,
  [inputs, outputs]: readonly [number, number],
  bindingLimit: number,
): Layout {
  const limit = form === "f32" ? bindingLimit : Math.min(bindingLimit, EXPANDED_LIMIT);
  const most = Math.floor(limit / (4 * inputs));
  if (most < 1) {
    throw new Error(
      `a matrix of ${inputs} inputs cannot be split for a device that binds ${bindingLimit} bytes; use another device`,
    );
  }
  const count = Math.ceil(outputs / most);
  const even = Math.ceil(outputs / count / 4) * 4;
  const each = even <= most ? even : most;
  const parts = [];
  for (let left = outputs; left > 0; left -= each) parts.push(Math.min(each, left));
  return { form, parts };
}

/** Bytes of a matrix [inputs, outputs] on the device. */
export function matrixBytes(form: Precision, [inputs, outputs]: readonly [number, number]): number {
  if (form === "f32") return 4 * inputs * outputs;
  if (form === "f16") return 2 * inputs * outputs;
  return outputs * blocksOf(inputs) * ((BLOCK * bitsOf(form)) / 8 + 4);
}

/** Bits a weight of a quantized form. */
export const bitsOf = (form: "q8" | "q4"): 4 | 8 => (form === "q4" ? 4 : 8);

/** Whether a form is one of blocks with scales. */
export const isQuantized = (form: Precision): form is "q8" | "q4" => form === "q8" || form === "q4";

/** Blocks of 32 along the inputs of a matrix. */
export const blocksOf = (inputs: number): number => Math.ceil(inputs / BLOCK);
