import { optionName } from "../settings/optionName.ts";
import type { Field, FieldValue } from "../settings/Field.ts";
import { fieldText } from "../settings/fieldText.ts";
import { PROGRAM } from "./command.ts";
import { shellOption, shellWord } from "./shellWord.ts";

/** An editing method and those of its settings that the call says. */
interface MethodCall {
  name: string;
  fields: readonly Pick<Field, "name" | "option" | "kind">[];
  settings: object;
}

/** What a study's call is made from. */
export interface StudyCallParts {
  study: string;
  /** How the terminal opens the model. */
  model: readonly string[];
  /** The file of cases. */
  cases: string;
  fields: readonly Pick<Field, "name" | "option" | "kind">[];
  settings: object;
  /** The option that chooses editing methods, and which; none for a study that does not edit. */
  methods?: { option: "method" | "methods"; of: readonly MethodCall[] } | undefined;
  seed: number;
}

/** The terminal's call that makes the same rows, for a POSIX shell. */
export function studyCommand(parts: StudyCallParts): string {
  const { study, model, cases, fields, settings, methods, seed } = parts;
  const names = methods?.of.map(({ name }) => name) ?? [];
  const several = methods?.option === "methods";
  return [
    `${PROGRAM} study ${shellWord(study)}`,
    ...model,
    shellOption("cases", cases),
    ...optionsOf(fields, settings),
    ...(methods ? [shellOption(methods.option, names.join(","))] : []),
    ...(methods?.of ?? []).flatMap((one) =>
      optionsOf(one.fields, one.settings, several ? `${one.name}.` : ""),
    ),
    shellOption("seed", seed),
    shellOption("out", study),
  ].join(" ");
}

function optionsOf(fields: MethodCall["fields"], settings: object, prefix = ""): string[] {
  const values = settings as Record<string, FieldValue | null | undefined>;
  return fields.flatMap((field) => {
    const value = values[field.name];
    if (value === undefined || value === null || value === false || value === "") return [];
    const name = `${prefix}${optionName(field)}`;
    if (field.kind.type === "flag") return [`--${name}`];
    return [shellOption(name, fieldText(field, value).replaceAll("×", "x"))];
  });
}
