import { join } from "node:path";
import { editFile, commandOf, commandText } from "../../data/run/command.ts";
import { bounds } from "../../data/outside/bounds.ts";
import { type Run, titleOf } from "../../data/run/Run.ts";
import { comparedMeasures } from "../../data/run/runMeasures.ts";
import { type RunsRead, readRuns, runFolders, runFiles } from "../../data/run/runsZip.ts";
import { traceDifference } from "../../data/trace/traceDifference.ts";
import { commandRegistry } from "../../studies/history/commandOfStudy.ts";
import type { Command, Terminal } from "../Command.ts";
import { tryFolder } from "../files/tryOut.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { readBytes } from "../open/files.ts";
import { parseOptions, required } from "../options.ts";
import { table } from "../table.ts";
import { WrongCall } from "../WrongCall.ts";

/** `palimpsest runs`: what a zip of runs from the page holds, as the terminal's own files and commands. */
export const runs: Command = {
  usage: "runs --zip F.zip [--out DIR] [--commands] [--compare 1,2] [--json]",
  about:
    "The runs in a zip that the page has saved: lists them, unpacks their files, prints the calls that repeat them, or subtracts one from another.",
  run: runRuns,
};

async function runRuns(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, {
    zip: { type: "string" },
    out: { type: "string" },
    commands: { type: "boolean" },
    compare: { type: "string" },
    json: { type: "boolean" },
  });
  const path = required(given, "zip");
  if (given.out) await tryFolder(given.out);
  const read = await readRuns(await readBytes(path, bounds.unpacked), path);
  for (const sentence of read.refused) terminal.note(sentence);
  if (given.out) await unpack(read, given.out);
  if (given.compare !== undefined) compare(pairOf(read, given.compare), terminal, given.json);
  else if (given.commands) terminal.print(read.runs.map(commandFor).join("\n\n"));
  else if (given.json) terminal.print(JSON.stringify(read.runs.map(about)));
  else terminal.print(listOf(read));
}

function commandFor(run: Run): string {
  try {
    return commandText(commandOf(run, commandRegistry));
  } catch (error) {
    return `: '${(error as Error).message.replaceAll("'", "’")}'`;
  }
}

/** Every run in a folder of its own, and the edits beside them. */
async function unpack({ runs: found, edits }: RunsRead, out: string): Promise<void> {
  for (const [i, folder] of runFolders(found).entries())
    for (const [name, content] of Object.entries(runFiles(found[i], commandRegistry)))
      await writeWhole(join(out, folder, name), content);
  for (const [digest, bytes] of edits) await writeWhole(join(out, editFile(digest)), bytes);
}

function about(run: Run, place: number) {
  const { id, name, pinned, context, result } = run;
  const { model, begun, edits } = context;
  const { kind } = result;
  return { number: place + 1, id, kind, title: titleOf(run), name, pinned, begun, model, edits };
}

function listOf({ runs: found }: RunsRead): string {
  if (found.length === 0) return "no run";
  const rows = found.map((run, i) => {
    const { context, result, name } = run;
    const edits = String(context.edits.length);
    return [
      name || titleOf(run),
      String(i + 1),
      result.kind,
      context.model.id,
      edits,
      context.begun,
    ];
  });
  return table([["run", "number", "kind", "model", "edits", "begun"], ...rows]);
}

/** @throws {WrongCall} where there are no such two */
function pairOf({ runs: found }: RunsRead, text: string): [Run, Run] {
  const numbers = text.split(",").map(Number);
  const [a, b] = numbers.map((number) => found.at(number - 1));
  if (numbers.length === 2 && numbers.every((n) => Number.isInteger(n) && n > 0) && a && b)
    return [a, b];
  throw new WrongCall(
    `invalid --compare: ${text} (two numbers from 1 to ${found.length}, as 1,2 for the first minus the second)`,
  );
}

function compare([a, b]: [Run, Run], terminal: Terminal, asJson = false): void {
  const measures = comparedMeasures(a, b);
  const [left, right] = [a.result, b.result];
  const differences =
    left.kind === "trace" && right.kind === "trace"
      ? left.traces.flatMap((trace) => {
          const other = right.traces.find(({ kind }) => kind === trace.kind);
          return other ? [traceDifference(trace, other)] : [];
        })
      : [];
  if (asJson) {
    const traces = differences.map((one) => ({ ...one, scores: Array.from(one.scores) }));
    terminal.print(JSON.stringify({ measures, traces }));
    return;
  }
  const rows = measures.map(({ label, a, b }) => [label, ...[a, b, a - b].map(digits)]);
  const numbers = table([["measure", "A", "B", "A − B"], ...rows]);
  const grids = differences.map(({ kind, rows: names, layers, scores }) => {
    const header = [
      `${kind} \\ layer`,
      ...Array.from({ length: layers }, (_, layer) => `${layer}`),
    ];
    const cells = names.map((name, row) => [
      JSON.stringify(name),
      ...Array.from(scores.subarray(row * layers, (row + 1) * layers), digits),
    ]);
    return table([header, ...cells]);
  });
  terminal.print([numbers, ...grids].join("\n\n"));
}

const digits = (value: number): string => (Number.isNaN(value) ? "–" : value.toFixed(4));
