import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { readRows, rowLine, type Row } from "../../data/rows/rows.ts";
import type { RowStore } from "../../data/rows/RowStore.ts";
import { readJson, reason } from "./files.ts";

/**
 * A study's folder: `study.json`, put in place by a rename, and `rows.ndjson`, to which rows are appended and flushed to
 * the disk. A process that is killed while it writes leaves a line without its end, which is cut off before the next.
 */
export class FolderRows implements RowStore {
  readonly folder: string;
  #whole = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  async about(): Promise<unknown> {
    const path = this.#file("study.json");
    const there = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new Error(`${path} cannot be read: ${reason(error)}`, { cause: error });
    });
    return there && readJson(path);
  }

  async begin(about: object): Promise<void> {
    await writing(this.folder, () => mkdir(this.folder, { recursive: true }));
    await putWhole(this.#file("study.json"), `${JSON.stringify(about, null, 2)}\n`);
  }

  async read(): Promise<Row[]> {
    const path = this.#file("rows.ndjson");
    try {
      const chunks = createReadStream(path, { encoding: "utf8", highWaterMark: 2 ** 20 });
      return (await readRows(chunks as AsyncIterable<string>, path)).rows;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  async append(rows: readonly Row[]): Promise<void> {
    const path = this.#file("rows.ndjson");
    await writing(path, async () => {
      if (!this.#whole) await dropTornLine(path);
      this.#whole = true;
      const file = await open(path, "a");
      try {
        await file.appendFile(rows.map(rowLine).join(""));
        await file.datasync();
      } finally {
        await file.close();
      }
    });
  }

  #file(name: string): string {
    return join(this.folder, name);
  }
}

/** Writes a file beside its place and renames it: a crash leaves the old one or the new one. */
export async function putWhole(path: string, text: string): Promise<void> {
  await writing(path, async () => {
    const file = await open(`${path}.part`, "w");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
  });
}

async function writing(path: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}

/** Cuts off what follows the last end of a line. */
async function dropTornLine(path: string): Promise<void> {
  const file = await open(path, "a+");
  try {
    const { size } = await file.stat();
    let end = size;
    const piece = Buffer.alloc(2 ** 16);
    while (end > 0) {
      const begin = Math.max(0, end - piece.length);
      const { bytesRead } = await file.read(piece, 0, end - begin, begin);
      const at = piece.subarray(0, bytesRead).lastIndexOf("\n");
      end = begin + at + 1;
      if (at >= 0) break;
      end = begin;
    }
    if (end < size) await file.truncate(end);
  } finally {
    await file.close();
  }
}
