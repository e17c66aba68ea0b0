import type { FactToken } from "../../prompt/subject.ts";
import type { ValueSettings } from "../search/valueSearch.ts";

/** Everything that decides a MEMIT edit but the facts (METHODS 5.5). */
export interface MemitHyperparameters extends ValueSettings {
  /** The layers that share the edit, ascending; z is the state after the last. */
  layers: number[];
  /** λ: how many old memories, in the mean, the new ones are weighed against. */
  lambda: number;
  factToken: FactToken;
}
