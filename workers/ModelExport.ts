import type { Delta } from "../src/data/delta/delta.ts";
import { ZipParts } from "../src/data/archive/zipParts.ts";
import { fileName } from "../src/data/fileName.ts";
import { directoryFolder, newDirectory } from "../src/engine/export/directoryFolder.ts";
import { type MergedModel, writeMergedModel } from "../src/engine/export/mergedModel.ts";
import type { ModelFiles } from "../src/engine/files/ModelFiles.ts";
import { nameOf } from "./deltaFiles.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import type { ExportOrder, SavedModel } from "./protocol/editProtocol.ts";
import type { Queue } from "./Queue.ts";

/** What the Lab lends. */
export interface ExportHost {
  queue: Queue;
  held: Pick<HeldEdits, "findAt">;
  /** Of the model that is open. */
  files(): ModelFiles | undefined;
}

/** The model with edits in its weights, saved whole. */
export class ModelExport {
  readonly #host: ExportHost;

  constructor(host: ExportHost) {
    this.#host = host;
  }

  /**
   * Writes the open model with these edits as a Hugging Face folder: a new one in the folder that the reader gave, else in
   * a zip archive. It reads the model's own files and takes no turn: other jobs go on beside it. Where it ends early the
   * new folder is taken away.
   */
  async save(
    id: number,
    { edits, strengths = [], bits, parent }: ExportOrder,
    report: (done: number, total: number, stage: string) => void,
  ): Promise<SavedModel> {
    return this.#host.queue.asideReporting(id, "saving the model", report, async (signal) => {
      const files = this.#host.files();
      if (!files) throw new Error("no model is loaded; open one first");
      const deltas: Delta[] = [];
      for (const [i, edit] of edits.entries())
        deltas.push(await this.#host.held.findAt(edit, strengths[i]));
      const about = deltas.length === 1 ? nameOf(deltas[0]) : `${deltas.length} edits`;
      const name = fileName(files.name.split("/").at(-1)!, about);
      const model: MergedModel = { files, deltas, bits, signal, onProgress: report };
      return parent ? intoFolder(model, parent, name) : intoZip(model, name);
    });
  }
}

async function intoZip(model: MergedModel, name: string): Promise<SavedModel> {
  const zip = new ZipParts();
  const bytes = await writeMergedModel(model, {
    write: (path, pieces) => zip.add(`${name}/${path}`, pieces),
  });
  return { name: `${name}.zip`, bytes, blob: zip.blob() };
}

async function intoFolder(
  model: MergedModel,
  parent: FileSystemDirectoryHandle,
  wanted: string,
): Promise<SavedModel> {
  const folder = await newDirectory(parent, wanted);
  const { name } = folder;
  try {
    return { name, bytes: await writeMergedModel(model, directoryFolder(folder)) };
  } catch (error) {
    await parent.removeEntry(name, { recursive: true }).catch(() => undefined);
    throw error;
  }
}
