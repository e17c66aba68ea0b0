import type { StudyRegistry } from "../../studies/studies.ts";
import { studies, studyOf } from "../../studies/studies.ts";
import type { Command, Terminal } from "../Command.ts";
import { WrongCall } from "../WrongCall.ts";
import { makeStudy } from "./makeStudy.ts";
import { methodOptions, studyCall, studyUsage } from "./studyOptions.ts";
import { summariseFolders } from "./summariseFolders.ts";

/** `palimpsest study`: many facts, many settings, in rows that outlive the run. */
export function studyCommand(registry: StudyRegistry = studies): Command {
  const names = registry.map(({ name }) => name).join("|");
  return {
    usage: `study NAME --model M --cases F [--method NAME] [--limit N] [--shard 3/16] [--seed N] --out DIR [--json]\n  study summarise DIR|F.zip… [--out DIR] [--json]`,
    about: `Many facts under one question, NAME: ${names} (study NAME --help says more); the same command goes on where one stopped. summarise makes tables, CSV and figures from rows alone.`,
    help: (args) => help(registry, args),
    async run(args: string[], terminal: Terminal): Promise<void> {
      const [name, ...rest] = args;
      if (name === undefined || name.startsWith("-")) {
        throw new WrongCall(`a study is missing: ${names.replaceAll("|", ", ")}, or summarise`);
      }
      if (name === "summarise") return summariseFolders(registry, rest, terminal);
      if (!registry.some((study) => study.name === name)) {
        throw new WrongCall(`unknown study: ${name} (${names.replaceAll("|", ", ")}, summarise)`);
      }
      return makeStudy(studyCall(studyOf(name, registry), rest), terminal);
    },
  };
}

/** Of one study its options and what they mean; of `study` alone the list of studies. */
function help(registry: StudyRegistry, args: string[]): string {
  const study = registry.find(({ name }) => args.includes(name));
  if (!study) {
    const list = registry.map((one) => `  ${studyUsage(one)}\n      ${one.about}`);
    return `${list.join("\n\n")}\n\n  study summarise DIR|F.zip… [--out DIR] [--json]\n      Tables, CSV and figures of a study's rows, or of its shards' together, without a model.`;
  }
  const inputs = (study.inputs ?? []).map(({ name, hint }) => ({ name, hint }));
  const fields = study.fields.map(({ name, hint }) => ({ name, hint }));
  const lines = [...fields, ...inputs].map(({ name, hint }) => `      ${name}: ${hint}`);
  const methods = methodOptions(study);
  const methodLines =
    methods.length > 0 ? ["", "  The methods' options:", ...indented(methods)] : [];
  const several =
    study.editors === "several"
      ? ["      An option counts for every method that has it; --NAME.clamp for that one alone."]
      : [];
  return [study.about, "", `  ${studyUsage(study)}`, ...lines, ...methodLines, ...several].join(
    "\n",
  );
}

const indented = (lines: string[]) => lines.map((line) => `      ${line}`);
