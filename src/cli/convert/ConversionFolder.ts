import { createHash } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { bounds } from "../../data/outside/bounds.ts";
import { name, object, text } from "../../data/outside/kinds.ts";
import { readJson } from "../../data/outside/readJson.ts";
import {
  listedFiles,
  MANIFEST,
  type Manifest,
  parseManifest,
} from "../../engine/files/manifest.ts";
import { BLOCK } from "../../engine/checkpoint/quantize.ts";
import { LOCK } from "../files/FolderLock.ts";
import { openToRead } from "../files/openToRead.ts";
import { removeParts } from "../files/partName.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { readBytes } from "../open/files.ts";
import type { WrittenFile } from "./writeShard.ts";

const JOURNAL = `${MANIFEST}.part`;

/** What makes two conversions the same one. */
export interface Conversion {
  bits: 4 | 8 | 16;
  source: { name: string; revision: string };
  /** A mark of the weights' file that changes when it does. */
  stamp: string;
}

/** The folder a model is converted into. It keeps a list of what is done, so that an interrupted conversion goes on. */
export class ConversionFolder {
  readonly #folder: string;
  readonly #conversion: Conversion;
  readonly #files: Record<string, WrittenFile>;

  private constructor(folder: string, conversion: Conversion, files: Record<string, WrittenFile>) {
    this.#folder = folder;
    this.#conversion = conversion;
    this.#files = files;
  }

  /**
   * Begins in a folder that is empty but for its lock, or goes on where the same conversion was interrupted.
   *
   * @throws when the folder holds anything else
   */
  static async open(folder: string, conversion: Conversion): Promise<ConversionFolder> {
    await removeParts(folder);
    const found = (await readdir(folder)).filter((name) => name !== LOCK);
    if (found.length === 0) {
      const made = new ConversionFolder(folder, conversion, {});
      await made.#write();
      return made;
    }
    if (!found.includes(JOURNAL)) {
      throw new Error(`${folder} is not empty; give the name of a new folder`);
    }
    return new ConversionFolder(folder, conversion, await filesDone(folder, conversion));
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Whether a file was finished before. */
  isDone(name: string): boolean {
    return Object.hasOwn(this.#files, name);
  }

  /** Notes that a file is complete. */
  async done(name: string, written: WrittenFile): Promise<void> {
    this.#files[name] = written;
    await this.#write();
  }

  /** Writes a small file and notes it. */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await writeWhole(this.path(name), bytes);
    await this.done(name, { size: bytes.length, sha256 });
  }

  /**
   * Turns the list into the manifest, the last thing that is written.
   *
   * @param stamp of the model that was converted, where it has one
   */
  async finish(stamp: string | undefined): Promise<Manifest> {
    const { bits, source } = this.#conversion;
    // By name, so that an interrupted conversion ends with the same bytes as another.
    const files = Object.fromEntries(
      Object.entries(this.#files).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const from = stamp === undefined ? source : { ...source, stamp };
    const manifest: Manifest = { format: 1, bits, block: BLOCK, source: from, files };
    await writeWhole(this.path(MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await rm(this.path(JOURNAL));
    return manifest;
  }

  async #write(): Promise<void> {
    const journal = JSON.stringify({ ...this.#conversion, files: this.#files });
    await writeWhole(this.path(JOURNAL), journal);
  }
}

/** The finished files of an interrupted conversion, those that still have their size. */
async function filesDone(
  folder: string,
  conversion: Conversion,
): Promise<Record<string, WrittenFile>> {
  const { files, ...before } = await readJournal(folder);
  if (JSON.stringify(before) !== JSON.stringify(conversion)) {
    const { bits, source } = before;
    throw new Error(
      `${folder} holds an interrupted conversion of ${source.name} (${source.revision}) to ${bits} bits, or of files that have changed since; remove it, or give another folder`,
    );
  }
  const done: Record<string, WrittenFile> = {};
  for (const [name, written] of Object.entries(files)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.size === written.size) done[name] = written;
  }
  return done;
}

const journal = object({
  bits: v.picklist([4, 8, 16], "4, 8 or 16"),
  source: object({ name, revision: name }),
  stamp: text,
  files: listedFiles,
});

async function readJournal(
  folder: string,
): Promise<Conversion & { files: Record<string, WrittenFile> }> {
  const path = join(folder, JOURNAL);
  try {
    return readJson(await readBytes(path, bounds.json), journal, path);
  } catch (error) {
    throw new Error(`${(error as Error).message}; remove the folder and convert again`, {
      cause: error,
    });
  }
}

/**
 * Reads every file of a converted model and compares it with the manifest.
 *
 * @throws one sentence that names the files which are damaged or missing
 */
export async function checkConversion(
  folder: string,
  onFile: (path: string) => void,
): Promise<Manifest> {
  const path = join(folder, MANIFEST);
  const manifest = parseManifest(await readBytes(path, bounds.json), path);
  const faults: string[] = [];
  for (const [name, { size, sha256 }] of Object.entries(manifest.files)) {
    onFile(name);
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (!found) faults.push(`${name} is missing`);
    else if (found.size !== size) faults.push(`${name} has ${found.size} bytes instead of ${size}`);
    else if ((await sha256Of(path)) !== sha256) faults.push(`${name} has another SHA-256`);
  }
  if (faults.length === 0) return manifest;
  throw new Error(`${folder} is damaged: ${faults.join(", ")}; fetch or convert the model again`);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await openToRead(path);
  for await (const piece of file.createReadStream({ highWaterMark: 2 ** 20 })) {
    hash.update(piece as Uint8Array);
  }
  return hash.digest("hex");
}
