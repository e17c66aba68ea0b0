import { type FileHandle, mkdir, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { partName, removeDeadParts } from "./partName.ts";
import { unwritable } from "./reason.ts";
import { begun, finished } from "./unfinished.ts";

/**
 * A file that is written beside its place and renamed when it is whole and on the disk: until then, and where the process
 * is killed or the disk is full, its place holds what it held before.
 */
export class WholeFile {
  /** Bytes written. */
  size = 0;
  readonly #path: string;
  readonly #place: string;
  readonly #part: string;
  readonly #file: FileHandle;

  private constructor(path: string, place: string, part: string, file: FileHandle) {
    this.#path = path;
    this.#place = place;
    this.#part = part;
    this.#file = file;
  }

  /**
   * Makes the part, and its folder where there is none. A link stays one: what it leads to is replaced.
   *
   * @throws one sentence with the path
   */
  static async create(path: string): Promise<WholeFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      const place = await realpath(path).catch(() => path);
      const there = await stat(place).catch(() => undefined);
      if (there && !there.isFile()) throw new Error(notFile(there.isDirectory()));
      await removeDeadParts(place);
      const part = partName(place);
      begun(part);
      return new WholeFile(path, place, part, await open(part, "wx"));
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Writes all of these bytes. Throws one sentence with the path. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, bytes);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    this.size += bytes.length;
  }

  /** Gives it its name. Throws one sentence with the path. */
  async finish(): Promise<void> {
    try {
      // Before the name says that it is whole.
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#part, this.#place);
      finished(this.#part);
      await syncFolder(dirname(this.#place));
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }

  /** Takes back what is not finished. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.#part, { force: true }).catch(() => undefined);
    finished(this.#part);
  }
}

const notFile = (isFolder: boolean) =>
  isFolder ? "it is a folder" : "it is a pipe or a device; give the name of a file";

/**
 * Writes all bytes to an open file, which may take them in pieces.
 *
 * @param at where in the file; at its end by default
 * @throws what the file system says, or a sentence where it takes no more without saying why
 */
export async function writeAll(file: FileHandle, bytes: Uint8Array, at?: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const place = at === undefined ? null : at + done;
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, place);
    if (bytesWritten === 0) throw new Error(`only ${done} of ${bytes.length} bytes were taken`);
    done += bytesWritten;
  }
}

/** Puts a folder's names on the disk, where the system can. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  // Windows opens no folders, and some file systems cannot: the rename is then as safe as they make it.
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
