import type { EditView, Trace, ValueStep } from "../../workers/protocol.ts";
import type { HeatmapData } from "./heatmap.ts";

/** A trace on the page: what is drawn, and the whole result once it is there. */
export interface TracePlot {
  data: HeatmapData;
  trace: Trace | null;
  /** Edits that were switched on while it was traced. */
  edits: number;
}

/** A rewrite on the page: its steps so far, and its end. */
export interface Rewrite {
  subject: string;
  target: string;
  steps: ValueStep[];
  planned: number;
  made: EditView | null;
}
