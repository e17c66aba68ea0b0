import type { Stoppable } from "../../../engine/runtime/Stoppable.ts";
import type { LayerStatistics } from "../../statistics/statistics.ts";
import type { ContextGroups } from "../contextTemplates.ts";
import type { EditEvent, UsedStatistics, ValueCache } from "../Editor.ts";
import type { EditRequest } from "../editRequest.ts";
import type { SearchGoal } from "../Objective.ts";
import type { MemitHyperparameters } from "./MemitHyperparameters.ts";

/** Options of MEMIT. */
export interface MemitOptions extends Stoppable, SearchGoal {
  /** C of each edited layer. */
  statistics: (layer: number) => Promise<LayerStatistics | undefined>;
  /** Templates with one `{}` each, in groups, instead of sampled ones. */
  contexts?: string[] | ContextGroups | undefined;
  /** Seeds the sampling of contexts. */
  seed: number;
  /** Where z's are kept, so that an interrupted run goes on. Not used while other edits are on. */
  values?: ValueCache | undefined;
  /** Facts whose z's are searched together. */
  batch?: number | undefined;
  onEvent?: ((event: EditEvent) => void) | undefined;
  /** Ends the search for z's: only the facts whose z is found are written. */
  enough?: AbortSignal | undefined;
}

/** One layer's part (METHODS 5.4): ΔW [dModel, dMlp] = resid · adjKᵀ. */
export interface MemitLayer {
  layer: number;
  /** (λC + KKᵀ)⁻¹K [dMlp, fact]. */
  adjK: Float64Array;
  /** (Z − Z_now) / remaining layers [dModel, fact]. */
  resid: Float64Array;
  /** Mean over the facts of ‖z − z_now‖ before this layer was written. */
  residual: number;
  /** Whose C it was weighed with. */
  statistics: UsedStatistics;
}

/** One call of MEMIT, checked. */
export interface MemitJob {
  facts: EditRequest[];
  hyperparameters: MemitHyperparameters;
  contexts: ContextGroups;
  options: MemitOptions;
}
