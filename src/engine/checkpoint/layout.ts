import type { ModelConfig } from "../architecture/config.ts";
import { blockMatrices } from "../architecture/blockWeights.ts";
import { headKey, type TableKey } from "../architecture/weightNames.ts";
import type { BlockLayouts } from "../graphs/BlockScope.ts";
import type { Expansion } from "../graphs/matrix.ts";
import { type Layout, layoutOf, type Precision, tableForm } from "./precision.ts";
import type { Provider } from "../runtime/Runtime.ts";

/** How every matrix of a model lies on its device. */
export interface ModelLayout extends BlockLayouts {
  precision: Precision;
  tables: Partial<Record<TableKey, Layout>>;
}

/** What decides a layout about where the graphs run; a `Runtime` is one, and an adapter can be asked for it. */
export interface Host {
  provider: Provider;
  device?: {
    features: { has(name: string): boolean };
    limits: { maxBufferSize: number; maxStorageBufferBindingSize: number };
  };
}

export interface LayoutOptions {
  /** Default: f32. */
  precision?: Precision | undefined;
  /** The largest buffer that may be bound, in bytes; the device's own limit where absent. */
  bindingLimit?: number;
}

/**
 * Decides the form and the parts of a model's matrices.
 *
 * @throws where the device computes no float16, or can bind not even a part of a matrix
 */
export function modelLayout(
  config: ModelConfig,
  runtime: Host,
  { precision = "f32", bindingLimit = bindingLimitOf(runtime) }: LayoutOptions = {},
): ModelLayout {
  const { provider, device } = runtime;
  if (precision === "f16" && provider === "webgpu" && !device?.features.has("shader-f16")) {
    throw new Error(
      "this graphics device computes no float16 (it lacks shader-f16); choose f32, q8 or q4",
    );
  }
  const { dModel, vocab } = config;
  const table = layoutOf(tableForm(precision), [dModel, vocab], bindingLimit);
  const blocks = Object.entries(blockMatrices(config)).map(
    ([name, shape]) => [name, layoutOf(precision, shape, bindingLimit)] as const,
  );
  return {
    precision,
    layouts: Object.fromEntries(blocks),
    tables: { tokenEmbedding: table, [headKey(config)]: table },
    expansion: expansionOf(runtime),
  };
}

/** What onnxruntime registers: its wasm has no operator that expands blocks. */
const expansionOf = ({ provider }: Host): Expansion => (provider === "wasm" ? "table" : "operator");

function bindingLimitOf({ provider, device }: Host): number {
  if (provider !== "webgpu" || !device) return Infinity;
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  return Math.min(maxBufferSize, maxStorageBufferBindingSize);
}
