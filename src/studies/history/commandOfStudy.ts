import { type CommandRegistry, modelOptions } from "../../data/run/command.ts";
import { studyCommand } from "../../data/run/studyCommand.ts";
import type { ModelIdentity } from "../../data/identity/ModelIdentity.ts";
import type { Field } from "../../data/settings/Field.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import { editorOf, editors } from "../../methods/edit/editors.ts";
import { PAGE_CASES } from "./pageCases.ts";
import type { Study } from "../Study.ts";
import { type MethodAbout, readAbout, type StudyAbout } from "../StudyAbout.ts";
import { studyOf } from "../studies.ts";

/** The model that is open, by which a study may go on and its call be written. */
export interface OpenModelAbout {
  identity: ModelIdentity;
  config: ModelConfig;
}

/** The terminal's call that makes a study's rows again; without the open model every setting of a method is said. */
export function commandOfStudy(study: Study, about: StudyAbout, open?: OpenModelAbout): string {
  const { cases, seed, settings, methods } = about;
  const same = open?.identity.stamp === about.stamp ? open : undefined;
  const identity = same?.identity ?? {
    id: about.model,
    revision: about.revision,
    stamp: about.stamp,
    precision: about.precision,
  };
  const model = modelOptions({ ...identity, precision: about.precision });
  return studyCommand({
    study: study.name,
    model: study.precision ? model.filter((option) => !option.startsWith("--precision")) : model,
    cases: cases.file === PAGE_CASES.file ? PAGE_CASES.path : cases.file,
    fields: study.fields,
    settings,
    methods: study.editors && {
      option: study.editors === "several" ? "methods" : "method",
      // Under a grid what differs from the preset stands in the grid.
      of: methods.map((method) => ({
        name: method.name,
        ...(study.editors === "grid"
          ? { fields: [], settings: {} }
          : changed(method, same?.config)),
      })),
    },
    seed,
  });
}

/** The fields of a method that differ from a model's preset; all of them where that model is not open. */
function changed({ name, settings }: MethodAbout, config: ModelConfig | undefined) {
  const editor = editorOf(name);
  const preset = config && (editor.preset(config).settings as Record<string, unknown>);
  const differs = ({ name: field }: Field) =>
    !preset || JSON.stringify(preset[field]) !== JSON.stringify(settings[field]);
  return { fields: editor.fields.filter(differs), settings };
}

/** What the commands of runs are made from: every editor's fields, and every study's call. */
export const commandRegistry: CommandRegistry = {
  editors: new Map(editors.map(({ name, fields }) => [name, fields])),
  study: ({ about: given }) => {
    const about = readAbout(given, "the study of the run");
    const { file, digest } = about.cases;
    const files =
      file === PAGE_CASES.file ? [] : [{ name: file, title: `the cases, SHA-256 ${digest}` }];
    return { lines: [commandOfStudy(studyOf(about.study), about)], files };
  },
};
