import * as Comlink from "comlink";
import { writeDelta } from "../../src/data/delta/deltaFile.ts";
import { deltaDigest } from "../../src/data/delta/digest.ts";
import { bounds } from "../../src/data/outside/bounds.ts";
import { shown } from "../../src/data/outside/shown.ts";
import type { LinkedEdit } from "../../src/data/run/linkedEdits.ts";
import { packDelta, unpackDelta } from "../../src/data/run/packedDelta.ts";
import { commandOf, commandText } from "../../src/data/run/command.ts";
import { digestsOf, headOf } from "../../src/data/run/Run.ts";
import { readRun, writeRun } from "../../src/data/run/runJson.ts";
import { readRuns, writeRuns } from "../../src/data/run/runsZip.ts";
import { readDelta } from "../../src/data/delta/deltaFile.ts";
import { RunShelf, type ShelvedRun } from "../../src/engine/storage/RunShelf.ts";
import { commandRegistry } from "../../src/studies/history/commandOfStudy.ts";
import { nameOf } from "../deltaFiles.ts";
import type { HeldEdits } from "../HeldEdits.ts";
import type { HeldEdit, SavedFile } from "../protocol/editProtocol.ts";
import type { FinishedRun, KeptRun, Run, RunHead, TakenRuns } from "../protocol/runsProtocol.ts";

/** What the Lab lends. */
export interface RunsHost {
  held: Pick<HeldEdits, "find" | "hold">;
  /** The browser keeps other runs now. */
  changed(): void;
}

/** The history: every run that ended, in the browser's storage, and as files. No job of the queue, since nothing computes. */
export class Runs {
  readonly #host: RunsHost;
  readonly #shelf: RunShelf;

  constructor(host: RunsHost, shelf = new RunShelf()) {
    this.#host = host;
    this.#shelf = shelf;
  }

  /**
   * Keeps what has ended, with the edits that it stands on.
   *
   * @param made what the worker calls the edit that was made, where it was one
   */
  async keep(finished: FinishedRun, made?: string): Promise<KeptRun> {
    const id = crypto.randomUUID().replaceAll("-", "").slice(0, 20);
    const about = { format: "palimpsest.run", version: 1, id, name: "", pinned: false } as const;
    const run: Run = { ...about, ...finished };
    const ids = [...finished.context.edits.map((edit) => edit.id), ...(made ? [made] : [])];
    const edits = await this.#edits(ids, new Set(digestsOf(run)));
    const shelved = shelve(run, edits);
    const trouble = await this.#shelf.put([shelved]);
    this.#host.changed();
    return { head: shelved.head, trouble };
  }

  /** All runs that are kept, the last first. */
  list(): Promise<RunHead[]> {
    return this.#shelf.list();
  }

  /**
   * A kept run.
   *
   * @throws a sentence where it is no longer there, or cannot be read
   */
  async open(id: string): Promise<Run> {
    const text = await this.#shelf.text(id);
    const head = (await this.list()).find((one) => one.id === id);
    if (text === undefined || !head)
      throw new Error("this run is no longer kept in this browser; open the zip that has it");
    return { ...readRun(text, "the kept run"), name: head.name, pinned: head.pinned };
  }

  /** The ids of those that are kept, of some. */
  async kept(ids: readonly string[]): Promise<string[]> {
    const there = new Set((await this.list()).map(({ id }) => id));
    return ids.filter((id) => there.has(id));
  }

  /** Names or pins a run. */
  async note(id: string, notes: Partial<Pick<RunHead, "name" | "pinned">>): Promise<void> {
    const name = notes.name?.slice(0, bounds.name);
    await this.#shelf.note(id, name === undefined ? notes : { ...notes, name });
    this.#host.changed();
  }

  /** Deletes runs for good. */
  async remove(ids: string[]): Promise<void> {
    await this.#shelf.remove(ids);
    this.#host.changed();
  }

  /** The terminal's calls that repeat a run, as text for a POSIX shell. */
  command(run: FinishedRun): Promise<string> {
    return Promise.resolve().then(() => commandText(commandOf(run, commandRegistry)));
  }

  /** Runs as one zip, the last first; its bytes change hands. */
  async save(ids: string[]): Promise<SavedFile> {
    const runs = await Promise.all(ids.map((id) => this.open(id)));
    const edits = new Map<string, Uint8Array>();
    for (const digest of new Set(runs.flatMap(digestsOf))) {
      const bytes = await this.#shelf.edit(digest);
      if (bytes) edits.set(digest, bytes);
    }
    const bytes = writeRuns({ runs, edits }, commandRegistry);
    const name = runs.length === 1 ? "palimpsest-run.zip" : "palimpsest-runs.zip";
    return Comlink.transfer({ name, type: "application/zip", bytes }, [
      bytes.buffer as ArrayBuffer,
    ]);
  }

  /**
   * Takes the runs of a zip, beside those that are here.
   *
   * @throws one sentence where it holds none
   */
  async take(file: File): Promise<TakenRuns> {
    if (file.size > bounds.unpacked) {
      throw new Error(
        `${shown(file.name)} is refused: it has ${file.size} bytes, at most ${bounds.unpacked} are read`,
      );
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { runs, edits, refused } = await readRuns(bytes, file.name);
    const before = new Set((await this.list()).map(({ id }) => id));
    const trouble = await this.#shelf.put(
      runs.map((run) =>
        shelve(run, new Map(digestsOf(run).flatMap((digest) => pick(edits, digest)))),
      ),
    );
    this.#host.changed();
    const ids = runs.map(({ id }) => id);
    return { ids, added: ids.filter((id) => !before.has(id)).length, refused, trouble };
  }

  /** An edit that a kept run stands on, for the stack; undefined where no run here does. */
  async edit(digest: string): Promise<HeldEdit | undefined> {
    const bytes = await this.#shelf.edit(digest);
    return bytes && this.#host.held.hold(readDelta(bytes, "the kept edit"));
  }

  /** The digests, of some, of edits that kept runs stand on or have made. */
  async keptEdits(digests: readonly string[]): Promise<string[]> {
    const found = await Promise.all(digests.map((digest) => this.#shelf.edit(digest)));
    return digests.filter((_, i) => found[i] !== undefined);
  }

  /** Held edits as a link has them, in their order: small ones with their numbers, as long as the link is short enough. */
  async linked(ids: string[]): Promise<LinkedEdit[]> {
    const edits: LinkedEdit[] = [];
    let left: number = bounds.link;
    for (const id of ids) {
      const delta = await this.#host.held.find(id);
      const edit = { digest: await deltaDigest(delta), file: `${nameOf(delta)}.safetensors` };
      left -= edit.digest.length + edit.file.length + 3;
      const packed = packDelta(delta);
      const fits = packed !== undefined && packed.length <= left;
      if (fits) left -= packed.length;
      edits.push(fits ? { ...edit, packed } : edit);
    }
    return edits;
  }

  /**
   * The edit that a link carries, held and switched off.
   *
   * @throws one sentence where it is damaged, does not fit the model, or is another than the link says
   */
  async unpack({ digest, packed = "" }: LinkedEdit): Promise<HeldEdit> {
    const delta = unpackDelta(packed);
    if ((await deltaDigest(delta)) !== digest)
      throw new Error("the edit in the link is another than the link says; copy it whole");
    return this.#host.held.hold(delta);
  }

  /** The bytes of edits that are at hand and not too large, by their digests. */
  async #edits(ids: string[], wanted: ReadonlySet<string>): Promise<Map<string, Uint8Array>> {
    const edits = new Map<string, Uint8Array>();
    for (const id of new Set(ids)) {
      const delta = await this.#host.held.find(id).catch(() => undefined);
      if (!delta) continue;
      const digest = await deltaDigest(delta);
      const bytes = writeDelta(delta);
      if (wanted.has(digest) && bytes.length <= bounds.runEdit) edits.set(digest, bytes);
    }
    return edits;
  }
}

const pick = (edits: ReadonlyMap<string, Uint8Array>, digest: string): [string, Uint8Array][] => {
  const bytes = edits.get(digest);
  return bytes ? [[digest, bytes]] : [];
};

function shelve(run: Run, edits: ReadonlyMap<string, Uint8Array>): ShelvedRun {
  const text = writeRun(run);
  return { head: headOf(run, text.length), text, edits };
}
