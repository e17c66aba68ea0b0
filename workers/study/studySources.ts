import type { Case } from "../../src/data/facts/facts.ts";
import { caseRecord } from "../../src/data/facts/caseRecord.ts";
import { fileName } from "../../src/data/fileName.ts";
import { bounds } from "../../src/data/outside/bounds.ts";
import { decodeText, parseJson } from "../../src/data/outside/readJson.ts";
import { rowCase } from "../../src/data/tables/rowFact.ts";
import { rowProblems } from "../../src/data/tables/rowProblems.ts";
import type { TableRow } from "../../src/data/tables/TableRow.ts";
import type { StudySources } from "../../src/engine/storage/IndexedStudies.ts";
import { PAGE_CASES } from "../../src/studies/history/pageCases.ts";
import type { Study } from "../../src/studies/Study.ts";
import type { FileAbout, StudyAbout } from "../../src/studies/StudyAbout.ts";
import { studyCases, type StudyCases } from "../../src/studies/studyCases.ts";
import type { StudyCasesFrom } from "../protocol/studyProtocol.ts";

/** What cases are read from. */
export interface SourcesHost {
  /** A file of the page's own, as text. */
  own(name: string): Promise<string>;
  /** A table of facts that the browser keeps. */
  table(id: string): Promise<KeptTable | undefined>;
}

/** A table of facts and its rows. */
interface KeptTable {
  name: string;
  rows: readonly TableRow[];
}

type SourceFile = StudySources["cases"];

const LARGE = { bytes: bounds.cases, values: bounds.caseValues };

/**
 * What a study reads: its cases from the page's own facts, a kept table or a file, and the files that come with the page.
 *
 * @throws one sentence where there are none
 */
export async function sourcesOf(
  host: SourcesHost,
  study: Study,
  from: StudyCasesFrom | undefined,
): Promise<StudySources> {
  const inputs: StudySources["inputs"] = {};
  for (const { name, builtIn } of study.inputs ?? [])
    if (builtIn) inputs[name] = { file: builtIn, text: await host.own(builtIn) };
  return { cases: await casesFile(host, from), inputs };
}

async function casesFile(host: SourcesHost, from: StudyCasesFrom | undefined): Promise<SourceFile> {
  if (from === undefined) return { file: PAGE_CASES.file, text: await host.own(PAGE_CASES.file) };
  return "file" in from ? fileText(from.file) : tableText(await host.table(from.table));
}

/**
 * A picked file of cases as text.
 *
 * @throws one sentence where it is too large, or no text
 */
export async function fileText(file: File): Promise<SourceFile> {
  if (file.size > bounds.cases) {
    throw new Error(`${file.name} has ${file.size} bytes; at most ${bounds.cases} can be read`);
  }
  return { file: file.name, text: decodeText(new Uint8Array(await file.arrayBuffer()), file.name) };
}

/** The rows of a table that can be written and have a true answer, as a file in CounterFact's form. */
function tableText(table: KeptTable | undefined): SourceFile {
  if (!table) throw new Error("this table is not kept in this browser any more; choose another");
  const { name, rows } = table;
  const complete = rows.filter((row) => row.truth.trim() !== "" && rowProblems(row).length === 0);
  if (complete.length === 0) {
    throw new Error(
      `no row of ${name} can be a case: a case has a prompt, a subject, a target and a true answer; repair its rows under Facts`,
    );
  }
  const records = complete.map((row) => caseRecord(rowCase(row)));
  return { file: `${fileName(name)}.json`, text: `${JSON.stringify(records, null, 1)}\n` };
}

/** The cases in a study's sources. */
export const casesIn = ({ cases: { file, text } }: StudySources): StudyCases =>
  studyCases(parseJson(text, file, LARGE), file);

/** The files as the study's record has them. */
export async function aboutSources(
  { cases, inputs }: StudySources,
  read: readonly Case[],
): Promise<Pick<StudyAbout, "cases" | "inputs">> {
  const named = Object.entries(inputs).map(
    async ([name, source]) => [name, await aboutFile(source)] as const,
  );
  return {
    cases: { ...(await aboutFile(cases)), count: read.length },
    inputs: Object.fromEntries(await Promise.all(named)),
  };
}

/** A file as a record names it. */
export async function aboutFile({ file, text }: SourceFile): Promise<FileAbout> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const digest = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"));
  return { file, digest: digest.join("") };
}
