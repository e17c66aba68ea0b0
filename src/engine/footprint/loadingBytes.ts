import type { ModelConfig } from "../architecture/config.ts";
import { blockMatrices } from "../graphs/block.ts";
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
  const matrices = Object.entries(blockMatrices(config));
  const each = matrices.map(([name, shape]) => turnedBytes(config, shape, layouts[name]));
  return Math.max(SLABS, ...each);
}

function turnedBytes(
  { architecture }: ModelConfig,
  [inputs, outputs]: readonly [number, number],
  { form, parts }: Layout,
): number {
  const quantized = isQuantized(form);
  if (architecture === "gpt2") return quantized ? 2 * 4 * inputs * outputs : 0;
  return quantized ? 0 : 2 * 4 * inputs * Math.max(...parts);
}

/** How many numbers a model's checkpoint has, by its shape. */
export const parameterCount = (config: ModelConfig): number =>
  weightBytes(config, { layouts: {}, tables: floatTables(config) }) / 4;

function floatTables({ tied, vocab }: ModelConfig): ModelLayout["tables"] {
  const table = { form: "f32" as const, parts: [vocab] };
  return { "wte.weight": table, ...(!tied && { "lm_head.weight": table }) };
}

/** Bytes of a float32 checkpoint; GPT-2's hold a causal mask [positions, positions] a layer besides. */
export function checkpointBytes(config: ModelConfig): number {
  const { architecture, layers, positions } = config;
  const masks = architecture === "gpt2" ? layers * positions ** 2 : 0;
  return 4 * (parameterCount(config) + masks);
}
