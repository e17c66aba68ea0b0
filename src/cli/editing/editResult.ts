import { basename } from "node:path";
import type { TableFact } from "../../data/facts/factTable.ts";
import { deltaDigest } from "../../data/delta/digest.ts";
import type { EditResult } from "../../data/run/Run.ts";
import type { Edit } from "../../methods/edit/Editor.ts";
import { methodTitle } from "../../methods/edit/runEdit.ts";
import type { TargetAnswer } from "../../methods/score/targetAnswers.ts";

/** What the command knows of an edit when it is made. */
interface Told {
  facts: readonly TableFact[];
  made: Edit;
  before: TargetAnswer[];
  after: TargetAnswer[];
}

/**
 * An edit as a run has it.
 *
 * @param stats where its statistics were read, if not of the model
 */
export async function editResult(
  { facts, made, before, after }: Told,
  stats?: string,
): Promise<EditResult> {
  const { delta, relativeNorm, searches, measures, statistics } = made;
  const file = stats?.endsWith(".npz") ? stats : undefined;
  return {
    kind: "edit",
    digest: await deltaDigest(delta),
    method: methodTitle(delta.provenance.method),
    facts: facts.map(({ prompt, subject, target }) => ({ prompt, subject, target })),
    relativeNorm,
    steps: searches.length === 1 ? searches[0].steps : [],
    measures,
    answers: { before, after },
    statistics: statistics.map((used) =>
      file === undefined
        ? used
        : { ...used, file: basename(file.replace("{}", String(used.layer))) },
    ),
  };
}
