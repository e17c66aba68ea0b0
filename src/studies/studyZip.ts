import { readZip, writeZip } from "../data/archive/zip.ts";
import { parseJson } from "../data/outside/readJson.ts";
import { readRows, type Row, rowLine } from "../data/rows/rows.ts";
import { readAbout, type StudyAbout } from "./StudyAbout.ts";
import { resultFiles, type StudyPart, type StudyResults } from "./summariseStudy.ts";

/**
 * A study in one file: `study.json` and `rows.ndjson` as its folder has them, and its tables and figures where there are
 * some already.
 */
export function studyZip(
  about: StudyAbout,
  rows: readonly Row[],
  results?: StudyResults,
): Uint8Array {
  const texts: Record<string, string> = {
    "study.json": `${JSON.stringify(about, null, 2)}\n`,
    "rows.ndjson": rows.map(rowLine).join(""),
    ...(results ? resultFiles(results) : {}),
  };
  const encoder = new TextEncoder();
  return writeZip(
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, encoder.encode(text)])),
  );
}

/**
 * Reads what {@link studyZip} wrote, or a study's folder that was zipped.
 *
 * @param what names the file in messages
 * @throws one sentence where it is no study, or damaged
 */
export async function readStudyZip(bytes: Uint8Array, what: string): Promise<StudyPart> {
  const wanted = /(^|\/)(study\.json|rows\.ndjson)$/;
  const members = readZip(bytes, { what, only: (name) => wanted.test(name) });
  const find = (file: string) => {
    const names = [...members.keys()].filter((name) => name.split("/").at(-1) === file);
    if (names.length === 1) return members.get(names[0])!;
    throw new Error(`${what} holds ${names.length} files ${file}; give the zip of one study`);
  };
  const about = readAbout(parseJson(find("study.json"), `study.json in ${what}`), what);
  const text = new TextDecoder().decode(find("rows.ndjson"));
  const { rows } = await readRows([text], `rows.ndjson in ${what}`);
  return { where: what, about, rows };
}
