import type { Delta } from "../../data/delta/delta.ts";
import { writeDelta } from "../../data/delta/deltaFile.ts";
import { deltaDigest } from "../../data/delta/digest.ts";
import type { RunResult } from "../../data/run/Run.ts";
import type { RunAbout } from "../../data/run/runAbout.ts";
import { writeRuns } from "../../data/run/runsZip.ts";
import { version } from "../../data/run/version.ts";
import type { Model } from "../../engine/Model.ts";
import { runEdit } from "../../methods/edit/runEdit.ts";
import { commandRegistry } from "../../studies/history/commandOfStudy.ts";
import { WrongCall } from "../WrongCall.ts";
import { tryFile } from "./tryOut.ts";
import { writeWhole } from "./writeWhole.ts";

/** The option of every command whose run the page can show: a zip as the page saves it. */
export const runOption = { run: { type: "string" } } as const;

/** @throws where it cannot be written, or is called as no zip is; said before the work */
export async function tryRun(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  if (!path.endsWith(".zip"))
    throw new WrongCall(`invalid --run: ${path} (its name must end in .zip)`);
  await tryFile(path);
}

/** What a command has done. */
export interface EndedRun {
  model: Model;
  about: RunAbout;
  result: RunResult;
  /** When it began. */
  begun: Date;
  /** What was switched on. */
  deltas: readonly Delta[];
  /** The edit that it made. */
  made?: Delta | undefined;
}

/** Writes a run as the page does, for its history; nothing where no file was named. */
export async function saveRun(path: string | undefined, ended: EndedRun): Promise<void> {
  if (path === undefined) return;
  const { model, about, result, begun, deltas, made } = ended;
  const edits = await Promise.all(deltas.map((delta, i) => runEdit(`file ${i + 1}`, delta)));
  const kept = [...deltas, ...(made ? [made] : [])];
  const files = kept.map(async (delta) => [await deltaDigest(delta), writeDelta(delta)] as const);
  const context = {
    ...about,
    model: { ...model.identity },
    edits,
    provider: "cpu",
    version,
    begun: begun.toISOString(),
  };
  const id = crypto.randomUUID().replaceAll("-", "").slice(0, 20);
  const run = { format: "palimpsest.run", version: 1, id, name: "", pinned: false } as const;
  const runs = [{ ...run, context, result }];
  await writeWhole(
    path,
    writeRuns({ runs, edits: new Map(await Promise.all(files)) }, commandRegistry),
  );
}
