import type { Stoppable } from "../runtime/Stoppable.ts";
import type { Tensor } from "onnxruntime-common";
import type { Checkpoint } from "./Checkpoint.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { shown } from "../../data/outside/shown.ts";
import { architectureOf } from "../architecture/architectures.ts";
import { blockWeights } from "../architecture/blockWeights.ts";
import { bareName, outerWeights, type TableKey, weightName } from "../architecture/weightNames.ts";
import type { LayoutOptions, ModelLayout } from "./layout.ts";
import { MatrixLoader } from "./MatrixLoader.ts";
import type { Place } from "./Place.ts";
import { Uploads, type UploadTarget } from "./upload.ts";

/** A model's parameters, on the runtime's device, by what the graphs call them. */
export interface Weights {
  /** Embeddings, the final norm and the head: see `OuterKey`. */
  outer: Record<string, Tensor>;
  /** Per layer, by the keys of its weights. */
  layers: Record<string, Tensor>[];
}

export interface LoadOptions extends LayoutOptions, Stoppable {
  /** Told the bytes of the device that are filled, and which tensor comes next. */
  onProgress?: (done: number, total: number, name: string) => void;
}

/** What loading needs of a model. */
export interface LoadTarget extends UploadTarget {
  config: ModelConfig;
  layout: ModelLayout;
}

/**
 * Reads a checkpoint tensor by tensor, in the order of its files, through conversion into the device's memory.
 *
 * @throws where a tensor is missing or has another shape than the config says, the memory is full, or the device holds
 *   other numbers than were sent to it; what was loaded is then released
 */
export async function loadWeights(
  model: LoadTarget,
  checkpoint: Checkpoint,
  { onProgress, signal }: LoadOptions = {},
): Promise<Weights> {
  const { config, layout } = model;
  const weights: Weights = {
    outer: {},
    layers: Array.from({ length: config.layers }, () => ({})),
  };
  const places = [...outerPlaces(config, layout, weights), ...blockPlaces(config, layout, weights)];
  for (const place of places) checkPlace(checkpoint, place);
  checkLayers(config, checkpoint);
  const numbers = (place: Place) => place.shape.reduce((product, size) => product * size, 1);
  const total = places.reduce((sum, place) => sum + numbers(place), 0);
  const uploads = new Uploads(model);
  const matrices = new MatrixLoader(checkpoint, { uploads, signal });
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
  return outerWeights(config).map(({ key, name, shape, table }) => ({
    name: bareName(config, name),
    key,
    shape,
    into: outer,
    table,
    layout: tables[key as TableKey],
    stored: table ? "outIn" : undefined,
  }));
}

function blockPlaces(config: ModelConfig, { layouts }: ModelLayout, weights: Weights): Place[] {
  const block = blockWeights(config);
  return weights.layers.flatMap((into, layer) =>
    block.map(({ key, shape, stored }) => ({
      name: bareName(config, weightName(config, layer, key)),
      key,
      shape,
      into,
      table: false,
      layout: stored && layouts[key],
      stored,
    })),
  );
}

/** How a tensor lies in the checkpoint. */
const storedShape = ({ shape, stored }: Place): readonly number[] =>
  stored === "outIn" ? [shape[1], shape[0]] : shape;

function checkPlace(checkpoint: Checkpoint, place: Place): void {
  const { name } = place;
  if (!checkpoint.has(name)) {
    throw new Error(
      `the checkpoint has no tensor "${shown(name)}"; is it a causal language model?`,
    );
  }
  const stored = storedShape(place);
  const found = checkpoint.info(name).shape;
  if (found.join() !== stored.join()) {
    throw new Error(
      `tensor "${shown(name)}" has shape [${shown(found.join(", "))}], but config.json asks for [${stored.join(", ")}]`,
    );
  }
}

/** Refuses a checkpoint that is deeper than its config.json says: what is left out would be missing from every answer. */
function checkLayers(config: ModelConfig, checkpoint: Checkpoint): void {
  const { prefix, blocks } = architectureOf(config);
  const start = `${prefix}${blocks}.`;
  for (const name of checkpoint.names()) {
    const layer = name.startsWith(start) ? Number(name.slice(start.length).split(".", 1)[0]) : 0;
    if (!(layer >= config.layers)) continue;
    throw new Error(
      `the checkpoint holds tensor "${shown(name)}", but config.json asks for ${config.layers} layers; one of the two is of another model`,
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
