import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { decodeText } from "../../data/outside/readJson.ts";
import type { Case } from "../../data/facts/facts.ts";
import type { FilterCount } from "../../studies/Selection.ts";
import type { FileAbout, StudyOrder } from "../../studies/StudyAbout.ts";
import type { Terminal } from "../Command.ts";
import { readSomeCases } from "../open/cases.ts";
import { readBytes } from "../open/files.ts";
import { required } from "../options.ts";
import type { StudyCall } from "./studyOptions.ts";

/** What a study reads besides its model. */
export interface StudyFiles {
  cases: Case[];
  /** The records that could not be read, where there are some. */
  filters: FilterCount[];
  inputs: Record<string, string>;
  about: Pick<StudyOrder<object>, "cases" | "inputs">;
}

/** The cases and the study's other files, with their digests; records that lack something are left out, and told. */
export async function studyFiles(call: StudyCall, terminal: Terminal): Promise<StudyFiles> {
  const { study, given } = call;
  const path = required(given, "cases");
  const { cases, refused } = await readSomeCases(path);
  const inputs: Record<string, string> = {};
  const inputsAbout: Record<string, FileAbout> = {};
  for (const { name, builtIn } of study.inputs ?? []) {
    const own = builtIn === undefined ? undefined : join(terminal.root, "public", builtIn);
    const file = (given[name] as string | undefined) ?? own;
    if (file === undefined) continue;
    const bytes = await readBytes(file);
    inputs[name] = decodeText(bytes, file);
    inputsAbout[name] = aboutFile(file, bytes);
  }
  return {
    cases,
    filters: completeOnly(cases, refused, terminal),
    inputs,
    about: {
      cases: { ...aboutFile(path, await readBytes(path)), count: cases.length },
      inputs: inputsAbout,
    },
  };
}

const aboutFile = (path: string, bytes: Uint8Array): FileAbout => ({
  file: basename(path),
  digest: createHash("sha256").update(bytes).digest("hex"),
});

/** How many records could be read, where not all could; the first that could not are told. */
function completeOnly(
  cases: readonly Case[],
  refused: readonly string[],
  terminal: Terminal,
): FilterCount[] {
  if (refused.length === 0) return [];
  const more = refused.length > 3 ? [`and ${refused.length - 3} records more`] : [];
  for (const sentence of [...refused.slice(0, 3), ...more]) terminal.note(`left out: ${sentence}`);
  return [{ name: "complete", in: cases.length + refused.length, out: cases.length }];
}
