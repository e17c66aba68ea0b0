import type { ModelConfig } from "../architecture/config.ts";
import type { Orientation } from "../architecture/Architecture.ts";
import { architectureOf } from "../architecture/architectures.ts";
import { blockWeights } from "../architecture/blockWeights.ts";
import type { ModelLayout } from "../checkpoint/layout.ts";
import { isQuantized, type Layout } from "../checkpoint/precision.ts";
import { weightBytes } from "./Footprint.ts";

/** Numbers of a slab, read and converted: 32 MB each. */
const SLABS = 2 * 4 * 2 ** 23;

/**
 * An estimate of what the heap holds while a float checkpoint is loaded: a matrix that must be turned is there as it is
 * stored and as it is wanted; everything else goes through in slabs.
 */
export function loadingBytes(config: ModelConfig, { layouts }: ModelLayout): number {
  const each = blockWeights(config).map(({ key, shape, stored }) =>
    stored ? turnedBytes(stored, shape, layouts[key]) : 0,
  );
  return Math.max(SLABS, ...each);
}

function turnedBytes(
  stored: Orientation,
  [inputs, outputs]: readonly number[],
  { form, parts }: Layout,
): number {
  const quantized = isQuantized(form);
  if (stored === "inOut") return quantized ? 2 * 4 * inputs * outputs : 0;
  return quantized ? 0 : 2 * 4 * inputs * Math.max(...parts);
}

/** How many numbers a model's checkpoint has, by its shape. */
export const parameterCount = (config: ModelConfig): number =>
  weightBytes(config, { layouts: {}, tables: floatTables(config) }) / 4;

function floatTables({ tied, vocab }: ModelConfig): ModelLayout["tables"] {
  const table = { form: "f32" as const, parts: [vocab] };
  return tied ? { tokenEmbedding: table } : { tokenEmbedding: table, head: table };
}

/** Bytes of a float32 checkpoint, with what it stores beside its weights. */
export function checkpointBytes(config: ModelConfig): number {
  const { buffers } = architectureOf(config);
  return 4 * parameterCount(config) + config.layers * buffers.bytes(config);
}
