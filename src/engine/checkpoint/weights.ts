import type { Stoppable } from "../runtime/Stoppable.ts";
import type { Tensor } from "onnxruntime-common";
import type { Checkpoint } from "./Checkpoint.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { blockWeights } from "../graphs/block.ts";
import { headVectors } from "../graphs/unembedding.ts";
import type { LayoutOptions, ModelLayout, TableName } from "./layout.ts";
import { MatrixLoader } from "./MatrixLoader.ts";
import type { Layout } from "./precision.ts";
import type { Transformer } from "../transformer/Transformer.ts";
import { Uploads } from "./upload.ts";

/** A model's parameters, on the runtime's device, by the names of the graphs' inputs within each part. */
export interface Weights {
  /** wte, wpe, ln_f and the head. */
  outer: Record<string, Tensor>;
  /** Per layer. */
  layers: Record<string, Tensor>[];
}

export interface LoadOptions extends LayoutOptions, Stoppable {
  /** Told the bytes of the device that are filled, and which tensor comes next. */
  onProgress?: (done: number, total: number, name: string) => void;
}

/** One tensor of the checkpoint, and where it goes. */
export interface Place {
  /** In the checkpoint. */
  name: string;
  /** Within `into`. */
  key: string;
  /** [inputs, outputs] or [n], as the graphs have it. */
  shape: number[];
  into: Record<string, Tensor>;
  /** Present for matrices. */
  layout?: Layout;
  /** A table of tokens, one row each. */
  table: boolean;
}

/**
 * Reads a checkpoint tensor by tensor, in the order of its files, through conversion into the device's memory.
 *
 * @throws where a tensor is missing or has another shape than the config says, the memory is full, or the device holds
 *   other numbers than were sent to it; what was loaded is then released
 */
export async function loadWeights(
  model: Transformer,
  checkpoint: Checkpoint,
  { onProgress, signal }: LoadOptions = {},
): Promise<Weights> {
  const { config, layout } = model;
  const weights: Weights = {
    outer: {},
    layers: Array.from({ length: config.layers }, () => ({})),
  };
  const places = [...outerPlaces(config, layout, weights), ...blockPlaces(config, layout, weights)];
  for (const place of places) checkPlace(checkpoint, config, place);
  const numbers = (place: Place) => place.shape.reduce((product, size) => product * size, 1);
  const total = places.reduce((sum, place) => sum + numbers(place), 0);
  const uploads = new Uploads(model);
  const matrices = new MatrixLoader(model, checkpoint, { uploads, signal });
  const load = async ({ layout, ...place }: Place) => {
    if (layout) return matrices.load({ ...place, layout });
    const { name, key, shape, into } = place;
    into[key] = await uploads.whole(await checkpoint.tensor(name), { name, dims: shape });
  };
  let done = 0;
  await model.memory.frame(async () => {
    for (const place of inFileOrder(places, checkpoint)) {
      signal?.throwIfAborted();
      onProgress?.(done, total, place.name);
      await load(place);
      done += numbers(place);
    }
    await uploads.check();
  });
  return weights;
}

function outerPlaces(config: ModelConfig, { tables }: ModelLayout, { outer }: Weights): Place[] {
  const { vocab, positions, dModel, architecture } = config;
  const vectors: Record<string, number[]> = {
    ...(architecture === "gpt2" && { "wpe.weight": [positions, dModel] }),
    ...headVectors(config),
  };
  return [
    ...Object.entries(tables).map(([name, layout]) => ({
      name,
      key: name satisfies string as TableName,
      shape: [dModel, vocab],
      into: outer,
      layout,
      table: true,
    })),
    ...Object.entries(vectors).map(([name, shape]) => ({
      name,
      key: name,
      shape,
      into: outer,
      table: false,
    })),
  ];
}

function blockPlaces(config: ModelConfig, { layouts }: ModelLayout, weights: Weights): Place[] {
  const shapes = Object.entries(blockWeights(config));
  return weights.layers.flatMap((into, layer) =>
    shapes.map(([key, shape]) => ({
      name: `h.${layer}.${key}`,
      key,
      shape,
      into,
      table: false,
      ...(key in layouts && { layout: layouts[key] }),
    })),
  );
}

/** How a tensor lies in the checkpoint: tables are [vocab, dModel], GPT-J's projections nn.Linear [out, in]. */
export function storedShape({ architecture }: ModelConfig, place: Place): number[] {
  const turned = place.table || (place.layout !== undefined && architecture === "gptj");
  return turned ? [place.shape[1], place.shape[0]] : place.shape;
}

function checkPlace(checkpoint: Checkpoint, config: ModelConfig, place: Place): void {
  const { name } = place;
  if (!checkpoint.has(name)) {
    throw new Error(`the checkpoint has no tensor "${name}"; is it a causal language model?`);
  }
  const stored = storedShape(config, place);
  const found = checkpoint.info(name).shape;
  if (found.join() !== stored.join()) {
    throw new Error(
      `tensor "${name}" has shape [${found.join(", ")}], but config.json asks for [${stored.join(", ")}]`,
    );
  }
}

/** So that a file that is on its way is used as it arrives. */
function inFileOrder(places: readonly Place[], checkpoint: Checkpoint): Place[] {
  const at = new Map(places.map((place) => [place, checkpoint.place(place.name)]));
  return [...places].sort((a, b) => {
    const [x, y] = [at.get(a)!, at.get(b)!];
    return x.file === y.file ? x.begin - y.begin : x.file < y.file ? -1 : 1;
  });
}
