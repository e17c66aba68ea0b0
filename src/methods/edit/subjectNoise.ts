import type { Intervention } from "../../engine/architecture/sites.ts";
import { NumpyRandom } from "../random/numpyRandom.ts";
import type { SubjectNoise } from "./Objective.ts";

/** The noise of one row: on the tokens from `begin` on. */
export interface RowNoise {
  begin: number;
  /** [token, dModel]. */
  values: Float32Array;
  replace: boolean;
}

/**
 * The noise of a fact's rows (METHODS 8.3): one draw of a fresh `RandomState(seed)` in the order [row, token, dModel], each
 * at the place that the subject has in that row.
 *
 * @param subjects tokens [begin, end) of the subject in every row
 */
export function rowNoise(
  { level, seed, replace = false }: SubjectNoise,
  subjects: readonly (readonly [begin: number, end: number])[],
  dModel: number,
): RowNoise[] {
  const random = new NumpyRandom(seed);
  return subjects.map(([begin, end]) => {
    const draw = random.randn((end - begin) * dModel);
    return { begin, values: Float32Array.from(draw, (x) => level * x), replace };
  });
}

/** The noise of a run's rows as interventions; of a row that is cut short, as much as it holds. */
export function noiseInterventions(
  noise: readonly RowNoise[],
  tokens: readonly (readonly number[])[],
  dModel: number,
): Intervention[] {
  return noise.flatMap(({ begin, values, replace }, row): Intervention[] => {
    const count = Math.min(values.length / dModel, tokens[row].length - begin);
    if (count <= 0) return [];
    const mode = replace ? "replace" : "add";
    const places = Array.from({ length: count }, (_, i) => begin + i);
    const some = values.subarray(0, count * dModel);
    return [{ site: "embed", layer: 0, rows: [row], tokens: places, mode, values: some }];
  });
}
