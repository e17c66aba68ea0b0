import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { decodeText } from "../../data/outside/readJson.ts";
import type { Case } from "../../data/facts/facts.ts";
import type { FilterCount } from "../../studies/Selection.ts";
import type { FileAbout, StudyOrder } from "../../studies/StudyAbout.ts";
import type { Terminal } from "../Command.ts";
import { studyCases } from "../../studies/studyCases.ts";
import { readBytes, readCaseJson } from "../open/files.ts";
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
  const { cases, refused, filters } = studyCases(await readCaseJson(path), path);
  tellOf(refused, terminal);
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
    filters,
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

/** The first of the records that could not be read are told. */
function tellOf(refused: readonly string[], terminal: Terminal): void {
  const more = refused.length > 3 ? [`and ${refused.length - 3} records more`] : [];
  for (const sentence of [...refused.slice(0, 3), ...more]) terminal.note(`left out: ${sentence}`);
}
