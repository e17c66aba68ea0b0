import type { Provenance, WrittenFact } from "../../data/delta/provenance.ts";
import type { Model } from "../../engine/Model.ts";
import type { LayerStatistics } from "../statistics/statistics.ts";
import type { UsedStatistics } from "./Editor.ts";
import { promptTemplate } from "../prompt/subject.ts";
import type { EditRequest } from "./editRequest.ts";
import type { SearchGoal } from "./Objective.ts";

/** What an edit was made of. */
export interface MadeOf {
  method: string;
  facts: EditRequest[];
  hyperparameters: object;
  contexts: string[] | string[][];
  seed: number;
  statistics: UsedStatistics[];
  goal: SearchGoal;
}

/** Where a delta comes from: enough to repeat it on the same model in the same precision. */
export function provenanceOf(
  { identity: { id, revision, stamp, precision } }: Pick<Model, "identity">,
  { method, facts, hyperparameters, contexts, seed, statistics, goal }: MadeOf,
): Provenance {
  const about: Provenance = {
    format: "palimpsest.delta",
    version: 1,
    app: "palimpsest",
    method,
    model: id,
    revision,
    stamp,
    precision,
    seed,
    contexts,
    hyperparameters: { ...hyperparameters },
    statistics,
  };
  // Said only where they are not the usual ones.
  if (goal.objective) about.objective = goal.objective;
  if (goal.stop) about.stop = goal.stop;
  const requests = facts.map(writtenFact);
  return requests.length === 1 ? { ...about, request: requests[0] } : { ...about, requests };
}

/** A fact as files have it: with one `{}`, and none of what else a table may say of it. */
function writtenFact({ prompt, subject, target, truth }: EditRequest): WrittenFact {
  const fact = { prompt: promptTemplate(prompt, subject), subject, target };
  return truth ? { ...fact, truth } : fact;
}

/** What provenance keeps of statistics that were read. */
export const usedStatistics = (read: LayerStatistics): UsedStatistics => {
  const { layer, source, count, sampleSize, model } = read;
  const precision = model?.precision;
  return { layer, source, count, sampleSize, ...(precision === undefined ? {} : { precision }) };
};
