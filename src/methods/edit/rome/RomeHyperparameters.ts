import type { FactToken } from "../../prompt/subject.ts";
import type { ValueSettings } from "../search/valueSearch.ts";

/** Everything that decides a ROME edit but the fact (METHODS 4.7). */
export interface RomeHyperparameters extends ValueSettings {
  layer: number;
  /**
   * "code": u comes from the mean key and the right vector from the bare prompt's key, as published;
   * "r-rome": the mean key (and its output) in both places (METHODS 4.5).
   */
  keyMode: "code" | "r-rome";
  /** u = C⁻¹k̄ with the layer's statistics; otherwise C is the identity. */
  covariance: "C" | "I";
  contextLengths: [length: number, count: number][];
  factToken: FactToken;
}
