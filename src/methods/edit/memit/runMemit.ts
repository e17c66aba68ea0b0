import type { NpyArray } from "../../../data/archive/npy.ts";
import type { Model } from "../../../engine/Model.ts";
import type { Edit, EditContext } from "../Editor.ts";
import type { EditRequest } from "../editRequest.ts";
import { memit, type MemitEdit } from "./memit.ts";
import type { MemitHyperparameters } from "./MemitHyperparameters.ts";

/** MEMIT as an {@link Edit}. */
export async function runMemit(
  model: Model,
  facts: EditRequest[],
  settings: MemitHyperparameters,
  at: EditContext,
): Promise<Edit> {
  const made = await memit(model, facts, settings, at);
  const { delta, layers, written, states, contexts, relativeNorm } = made;
  return {
    delta,
    written,
    relativeNorm,
    searches: written.map((fact, i) => ({ fact, steps: states[i].steps })),
    contexts,
    statistics: layers.map(({ statistics }) => statistics),
    measures: layers.map(({ layer, residual }) => ({
      name: "residual",
      layer,
      label: "mean residual",
      value: residual,
      hint: "Mean ‖z − z now‖ over the facts before this layer was written",
    })),
    report: () => reportOf(made),
  };
}

/** Per layer adj_k [dMlp, fact] and resid [dModel, fact], and z [dModel, fact], in float64. */
function reportOf({ layers, states }: MemitEdit): Record<string, NpyArray> {
  const facts = states.length;
  const matrix = (data: Float64Array): NpyArray => ({
    shape: [data.length / facts, facts],
    dtype: "f8",
    data,
  });
  const z = new Float64Array(facts * states[0].z.length);
  states.forEach((state, fact) => state.z.forEach((x, i) => (z[i * facts + fact] = x)));
  const arrays: Record<string, NpyArray> = {};
  for (const { layer, adjK, resid } of layers) {
    arrays[`${layer}.adj_k`] = matrix(adjK);
    arrays[`${layer}.resid`] = matrix(resid);
  }
  arrays.z = matrix(z);
  return arrays;
}
