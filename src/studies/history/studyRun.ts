import type { FinishedRun } from "../../data/run/Run.ts";
import type { Row } from "../../data/rows/rows.ts";
import type { StudyAbout } from "../StudyAbout.ts";

/** A study as a run of the history: studies begin with no edit on. */
export function studyRun(about: StudyAbout, rows: readonly Row[]): FinishedRun {
  const { study, model, revision, stamp, precision, settings, methods, seed, cases } = about;
  return {
    context: {
      kind: "study",
      model: { stamp, precision, id: model, revision },
      edits: [],
      settings: {
        study,
        ...settings,
        methods: methods.map(({ name }) => name),
        cases: cases.digest,
      },
      seed,
      provider: about.device,
      version: about.app.replace(/^palimpsest /, ""),
      begun: about.date,
    },
    result: { kind: "study", about: { ...about }, rows: [...rows] },
  };
}
