import { join } from "node:path";
import { parseArgs } from "node:util";
import { type StudyRegistry, studyOf } from "../../studies/studies.ts";
import { readAbout } from "../../studies/StudyAbout.ts";
import {
  mergedParts,
  resultFiles,
  type StudyResults,
  studyResults,
  summaryJson,
} from "../../studies/summariseStudy.ts";
import { rowLine } from "../../data/rows/rows.ts";
import type { Terminal } from "../Command.ts";
import { inFolder } from "../files/FolderLock.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { tryFolder } from "../files/tryOut.ts";
import { casesPath, readStudyZip, studyZip, type ZippedStudy } from "../../studies/studyZip.ts";
import { readBytes } from "../open/files.ts";
import { FolderRows } from "../open/FolderRows.ts";
import { tableText } from "./tableText.ts";
import { WrongCall } from "../WrongCall.ts";

/**
 * `palimpsest study summarise`: tables, CSV, figures and `summary.json` of a folder's rows, or of the zip that the page
 * makes of a study, without a model. Of several, shards of one study, those of all their rows, which are written together where `--out` says: a folder, or a zip that the page opens.
 */
export async function summariseFolders(
  registry: StudyRegistry,
  args: string[],
  terminal: Terminal,
): Promise<void> {
  const { folders, out, json } = callOf(args);
  if (out !== undefined && !out.endsWith(".zip")) await tryFolder(out);
  const parts: ZippedStudy[] = [];
  for (const folder of folders) parts.push(await readPart(folder));
  const { about, rows } = mergedParts(parts);
  const results = studyResults(studyOf(about.study, registry), rows, about);
  // A study that still runs may be summarised in its own folder: every file is replaced whole.
  if (out === undefined) {
    const own = folders.length === 1 && !folders[0].endsWith(".zip") ? folders[0] : undefined;
    return showResults(results, { out: own, json, terminal });
  }
  const cases = parts.map((part) => part.cases).find(Boolean);
  if (out.endsWith(".zip")) {
    await writeWhole(out, await studyZip(about, rows, { results, cases }));
    return showResults(results, { out: undefined, json, terminal });
  }
  await inFolder(out, "study summarise", async () => {
    if (folders.length > 1 || folders[0].endsWith(".zip")) {
      await writeWhole(join(out, "rows.ndjson"), rows.map(rowLine).join(""));
      await new FolderRows(out).begin(about);
      if (cases) await writeWhole(join(out, casesPath(cases.file)), cases.text);
    }
    await showResults(results, { out, json, terminal });
  });
}

function callOf(args: string[]): { folders: string[]; out?: string | undefined; json: boolean } {
  const options = { out: { type: "string" }, json: { type: "boolean" } } as const;
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    if (positionals.length > 0)
      return { folders: positionals, out: values.out, json: values.json === true };
  } catch (error) {
    throw new WrongCall((error as Error).message.split(". ")[0]);
  }
  throw new WrongCall("a folder is missing: study summarise DIR…");
}

async function readPart(folder: string): Promise<ZippedStudy> {
  if (folder.endsWith(".zip")) return readStudyZip(await readBytes(folder), folder);
  const store = new FolderRows(folder);
  const about = await store.about();
  if (about === undefined) throw new Error(`${folder} has no study.json; give a study's --out`);
  return {
    where: folder,
    about: readAbout(about, join(folder, "study.json")),
    rows: await store.read(),
  };
}

/** Writes a study's results beside its rows, and prints them. */
export async function showResults(
  results: StudyResults,
  how: { out: string | undefined; json: string | boolean | undefined; terminal: Terminal },
): Promise<void> {
  const { out, json, terminal } = how;
  const [first] = results.failed;
  if (first) {
    const many = results.failed.length === 1 ? "1 row has" : `${results.failed.length} rows have`;
    terminal.note(`${many} no numbers, and count for nothing; ${first.key}: ${first.error}`);
  }
  if (out !== undefined) {
    for (const [name, content] of Object.entries(await resultFiles(results))) {
      await writeWhole(join(out, name), content);
    }
  }
  terminal.print(
    json ? JSON.stringify(summaryJson(results)) : results.tables.map(tableText).join("\n\n"),
  );
}
