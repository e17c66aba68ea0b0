import { readZip, writeZip } from "../data/archive/zip.ts";
import { decodeText, parseJson } from "../data/outside/readJson.ts";
import { readRows, type Row, rowLine } from "../data/rows/rows.ts";
import { readAbout, type StudyAbout } from "./StudyAbout.ts";
import { resultFiles, type StudyPart, type StudyResults } from "./summariseStudy.ts";

/** What a zip of a study may hold besides its rows. */
export interface ZipParts {
  /** Its tables and figures, where there are some already. */
  results?: StudyResults | undefined;
  /** Its file of cases, so that it can be gone on with wherever the zip is opened. */
  cases?: { file: string; text: string } | undefined;
}

/** A study out of a zip. */
export interface ZippedStudy extends StudyPart {
  cases?: ZipParts["cases"];
}

/** Where the file of cases lies in the zip, and in a folder that it was unpacked into. */
export const casesPath = (file: string): string =>
  `cases/${file.split(/[/\\]/).at(-1) || "cases.json"}`;

/** A study in one file: `study.json` and `rows.ndjson` as its folder has them, its results and its file of cases. */
export async function studyZip(
  about: StudyAbout,
  rows: readonly Row[],
  { results, cases }: ZipParts = {},
): Promise<Uint8Array> {
  const texts: Record<string, string> = {
    "study.json": `${JSON.stringify(about, null, 2)}\n`,
    "rows.ndjson": rows.map(rowLine).join(""),
    ...(results ? await resultFiles(results) : {}),
    ...(cases ? { [casesPath(cases.file)]: cases.text } : {}),
  };
  const encoder = new TextEncoder();
  return writeZip(
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, encoder.encode(text)])),
  );
}

const WANTED = /(^|\/)(study\.json|rows\.ndjson|cases\/[^/]+)$/;

/**
 * Reads what {@link studyZip} wrote, or a study's folder that was zipped.
 *
 * @param what names the file in messages
 * @throws one sentence where it is no study, or damaged
 */
export async function readStudyZip(bytes: Uint8Array, what: string): Promise<ZippedStudy> {
  const members = readZip(bytes, { what, only: (name) => WANTED.test(name) });
  const find = (file: string) => {
    const names = [...members.keys()].filter((name) => name.split("/").at(-1) === file);
    if (names.length === 1) return members.get(names[0])!;
    throw new Error(`${what} holds ${names.length} files ${file}; give the zip of one study`);
  };
  const about = readAbout(parseJson(find("study.json"), `study.json in ${what}`), what);
  const text = new TextDecoder().decode(find("rows.ndjson"));
  const { rows } = await readRows([text], `rows.ndjson in ${what}`);
  const path = casesPath(about.cases.file);
  const [, cases] = [...members].find(([name]) => name.endsWith(path)) ?? [];
  const kept = cases && { file: about.cases.file, text: decodeText(cases, `${path} in ${what}`) };
  return { where: what, about, rows, cases: kept };
}
