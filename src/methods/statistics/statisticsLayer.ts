import { shown } from "../../data/outside/shown.ts";

/** What a statistics file is asked to be of. */
export interface AskedLayer {
  /** Absent: the layer that the file says. */
  layer?: number | undefined;
  /** How many the model has. */
  layers?: number | undefined;
  /** What the model calls the module whose inputs a layer's keys are: "transformer.h.3.mlp.…". */
  module?: ((layer: number) => string) | undefined;
}

/** What a statistics file is called in messages, and what its own member says of its layer. */
export interface ToldLayer {
  what: string;
  layer?: number | undefined;
}

/** The authors' file names begin with the module whose inputs were summed (METHODS 3). */
const AUTHORS = /(?:^|\/)((?:\w+\.)+?(\d+)\.[\w.]+?)_(?:float32|float64|int16)_mom2[^/]*$/;

/**
 * The layer of a statistics file: what it says itself, in its own member or in the authors' form of its name, and what was
 * asked for, which must be the same.
 *
 * @throws one sentence: the file is of another layer or another kind of model, it does not say its layer and none was
 *   asked for, or the model has no such layer
 */
export function statisticsLayer(told: ToldLayer, asked: AskedLayer): number {
  const what = shown(told.what);
  const [, module, number] = AUTHORS.exec(told.what) ?? [];
  const said = told.layer ?? (number === undefined ? undefined : Number(number));
  const layer = asked.layer ?? said;
  if (layer === undefined)
    throw new Error(`${what} does not say of which layer it is; give the layer`);
  const { layers } = asked;
  if (!(Number.isSafeInteger(layer) && layer >= 0 && (layers === undefined || layer < layers))) {
    const range =
      layers === undefined ? "a whole number, 0 or more" : `this model has 0–${layers - 1}`;
    throw new Error(`invalid layer: ${layer} (${range})`);
  }
  if (said !== undefined && said !== layer)
    throw new Error(
      `${what} is of layer ${said}, not of layer ${layer}; take that of layer ${layer}, or ask for layer ${said}`,
    );
  const own = asked.module?.(layer);
  if (module !== undefined && own !== undefined && module !== own)
    throw new Error(
      `${what} is of the inputs of ${shown(module)}, but this model’s keys are those of ${own}; take the statistics of this model`,
    );
  return layer;
}
