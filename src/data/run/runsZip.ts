import * as v from "valibot";
import { writeNpz } from "../archive/npz.ts";
import { readZip, writeZip } from "../archive/zip.ts";
import { readDelta } from "../delta/deltaFile.ts";
import { deltaDigest } from "../delta/digest.ts";
import { caseRecord } from "../facts/caseRecord.ts";
import { fileName } from "../fileName.ts";
import { bounds } from "../outside/bounds.ts";
import { list, name, object } from "../outside/kinds.ts";
import { readJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";
import { rowLine } from "../rows/rows.ts";
import { factRecord } from "../tables/factRecord.ts";
import { traceCsv } from "../trace/traceCsv.ts";
import { traceNpz } from "../trace/traceNpz.ts";
import { type CommandRegistry, commandOf, commandText, editFile } from "./command.ts";
import { digestsOf, type Run, titleOf } from "./Run.ts";
import { readRun, writeRun } from "./runJson.ts";
import { version } from "./version.ts";

/** Runs with the edits that they stand on and have made, by their digests. */
export interface RunsArchive {
  runs: Run[];
  edits: ReadonlyMap<string, Uint8Array>;
}

/** What was read of an archive. */
export interface RunsRead extends RunsArchive {
  /** What cannot be read of it, a sentence each. */
  refused: string[];
}

const INDEX = "runs.json";
const FORMAT = "palimpsest.runs";
const VERSION = 1;

const index = object({
  format: v.literal(FORMAT, FORMAT),
  version: v.literal(VERSION, `${VERSION}; update Palimpsest`),
  runs: list(object({ folder: name }), bounds.runs),
});

/**
 * Runs as one zip: `runs.json` lists them; a folder for each holds `run.json`, which is the run, its files as the
 * terminal writes them, and `command.sh`, which repeats it; `edits` holds the changes of weights.
 */
export function writeRuns({ runs, edits }: RunsArchive, known?: CommandRegistry): Uint8Array {
  const members: Record<string, Uint8Array> = {};
  const folders = runFolders(runs);
  const list = runs.map(({ id, name, result }, i) => {
    const { kind } = result;
    return { folder: folders[i], id, kind, title: titleOf(runs[i]), name };
  });
  members[INDEX] = bytesOf(
    `${JSON.stringify({ format: FORMAT, version: VERSION, app: `palimpsest ${version}`, runs: list }, null, 2)}\n`,
  );
  for (const [i, run] of runs.entries()) {
    for (const [file, content] of Object.entries(runFiles(run, known)))
      members[`${folders[i]}/${file}`] = typeof content === "string" ? bytesOf(content) : content;
    for (const digest of digestsOf(run)) {
      const bytes = edits.get(digest);
      if (bytes) members[editFile(digest)] = bytes;
    }
  }
  return writeZip(members);
}

/** The folders of runs in a zip. */
export const runFolders = (runs: readonly Run[]): string[] =>
  runs.map((run, i) => folderOf(run, i, runs.length));

/** The files of one run by their names. */
export function runFiles(run: Run, known?: CommandRegistry): Record<string, Uint8Array | string> {
  const files = { "run.json": writeRun(run), ...resultFiles(run) };
  const command = commandFor(run, known);
  return command === undefined ? files : { ...files, "command.sh": command };
}

function commandFor(run: Run, known?: CommandRegistry): string | undefined {
  try {
    return `${commandText(commandOf(run, known))}\n`;
  } catch {
    return undefined; // the terminal has no such call, and the reader asked for no command
  }
}

function resultFiles({ context, result }: Run): Record<string, Uint8Array | string> {
  const model = context.model.id;
  switch (result.kind) {
    case "trace": {
      const files = result.traces.flatMap((trace): [string, Uint8Array | string][] => [
        [`${trace.kind}.npz`, writeNpz(traceNpz(trace, context))],
        [`${trace.kind}.csv`, traceCsv(trace, context)],
      ]);
      return Object.fromEntries(files);
    }
    case "edit":
      return { "facts.json": json(result.facts) };
    case "score": {
      const { before, after } = result;
      const cases = { before: [before], after: after && [after] };
      return { "case.json": json(caseRecord(result.case)), "scores.json": json({ model, cases }) };
    }
    case "table": {
      const { before, after } = result;
      return {
        "facts.json": json(result.facts.map(factRecord)),
        "scores.json": json({ model, before, after }),
      };
    }
    case "study":
      return { "study.json": json(result.about), "rows.ndjson": result.rows.map(rowLine).join("") };
    case "text": {
      const { before, after } = result;
      return { "text.json": json({ model, before, after }) };
    }
  }
}

/**
 * Reads what {@link writeRuns} wrote. A run or an edit that is damaged is named, and the others are read.
 *
 * @param what names the file in messages
 * @throws one sentence where it is no zip of runs at all
 */
export async function readRuns(bytes: Uint8Array, what: string): Promise<RunsRead> {
  const isRead = (name: string) => /^(runs\.json|[^/]+\/run\.json|edits\/[^/]+)$/.test(name);
  const members = readZip(bytes, { what, only: isRead });
  const about = members.get(INDEX);
  if (!about) throw new Error(`${shown(what, 80)} holds no runs: it has no ${INDEX}`);
  const { runs: listed } = readJson(about, index, `${INDEX} in ${what}`);
  const found: RunsRead & { runs: Run[] } = { runs: [], edits: new Map(), refused: [] };
  for (const { folder } of listed) {
    const member = members.get(`${folder}/run.json`);
    await taken(found.refused, () => {
      if (!member) throw new Error(`${shown(what, 80)} lacks the run ${shown(folder)}`);
      found.runs.push(readRun(member, `${folder}/run.json`));
    });
  }
  const edits = new Map<string, Uint8Array>();
  for (const [name, member] of members) {
    if (!name.startsWith("edits/")) continue;
    await taken(found.refused, async () =>
      edits.set(await deltaDigest(readDelta(member, name)), member),
    );
  }
  return { ...found, edits };
}

async function taken(refused: string[], take: () => unknown): Promise<void> {
  try {
    await take();
  } catch (error) {
    refused.push((error as Error).message);
  }
}

/** `01-trace-the-space-needle-seattle`: in the order of the list, and told apart by the number. */
function folderOf(run: Run, place: number, of: number): string {
  const number = String(place + 1).padStart(String(of).length, "0");
  return `${number}-${fileName(run.result.kind, run.name || titleOf(run))}`;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
