import { optionName } from "../settings/optionName.ts";
import type { Field, FieldValue } from "../settings/Field.ts";
import { fieldText } from "../settings/fieldText.ts";
import { shellOption, shellWord } from "./shellWord.ts";

/** What a study's call is made from. */
export interface StudyCallParts {
  study: string;
  /** A Hub id, an address or a folder. */
  model: string;
  /** Absent where the study says it itself. */
  precision?: string | undefined;
  /** The file of cases by its name. */
  cases: string;
  fields: readonly Pick<Field, "name" | "option" | "kind">[];
  settings: object;
  /** The option that chooses editing methods, and which; none for a study that does not edit. */
  methods?: { option: "method" | "methods"; names: readonly string[] } | undefined;
  seed: number;
}

/** The terminal's call that makes the same rows, for a POSIX shell. */
export function studyCommand(parts: StudyCallParts): string {
  const { study, model, precision, cases, fields, settings, methods, seed } = parts;
  const values = settings as Record<string, FieldValue | undefined>;
  const own = fields.flatMap((field) => {
    const value = values[field.name];
    if (value === undefined || value === false || value === "") return [];
    if (field.kind.type === "flag") return [`--${optionName(field)}`];
    return [shellOption(optionName(field), fieldText(field, value))];
  });
  return [
    `palimpsest study ${shellWord(study)}`,
    shellOption("model", model),
    ...(precision === undefined ? [] : [shellOption("precision", precision)]),
    shellOption("cases", cases),
    ...own,
    ...(methods ? [shellOption(methods.option, methods.names.join(","))] : []),
    shellOption("seed", seed),
    shellOption("out", study),
  ].join(" ");
}
