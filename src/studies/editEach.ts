import type { Case } from "../data/facts/facts.ts";
import type { Edit, EditContext } from "../methods/edit/Editor.ts";
import type { EditRequest } from "../methods/edit/editRequest.ts";
import { type CaseScore, scoreCase } from "../methods/score/score.ts";
import type { Editing } from "./Editing.ts";
import type { PlacedCase, StudyContext } from "./Study.ts";

/** What the functions here need of a study. */
type EditAt = Pick<StudyContext<object>, "model" | "signal">;

/** A case, scored on the model as it is. */
export interface ScoredCase extends PlacedCase {
  score: CaseScore;
}

/** Edits every case alone, scores it and undoes the edit (METHODS 7.3). */
export async function* editEach(
  at: EditAt,
  editing: Editing,
  cases: Iterable<PlacedCase>,
): AsyncGenerator<ScoredCase & { edit: Edit }> {
  for (const placed of cases) {
    yield* editGroup(at, editing, { group: [placed] }, async function* (edit) {
      for await (const scored of scoreEach(at, [placed])) yield { ...scored, edit };
    });
  }
}

/**
 * Writes a group of cases at once and yields what is measured on the model that has them all; the edit is undone however
 * that ends (METHODS 7.6).
 */
export async function* editGroup<T>(
  { model, signal }: EditAt,
  editing: Editing,
  { group, onEvent }: { group: readonly PlacedCase[]; onEvent?: EditContext["onEvent"] },
  measure: (edit: Edit) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  signal?.throwIfAborted();
  const facts = group.map(({ fact }) => editRequestOf(fact));
  const edit = await editing.write(facts, onEvent);
  model.setDeltas(edit.delta.weights);
  try {
    yield* measure(edit);
  } finally {
    model.setDeltas([]);
  }
}

/** Scores cases on the model as it is. */
export async function* scoreEach(
  { model, signal }: EditAt,
  cases: Iterable<PlacedCase>,
): AsyncGenerator<ScoredCase> {
  for (const placed of cases) {
    signal?.throwIfAborted();
    yield { ...placed, score: await scoreCase(model, placed.fact, { signal }) };
  }
}

/** The fact that a case asks to be written. */
export const editRequestOf = ({ prompt, subject, targetNew }: Case): EditRequest => ({
  prompt,
  subject,
  target: targetNew,
});
