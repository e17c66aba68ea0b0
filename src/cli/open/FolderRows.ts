import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readRows, rowLine, type Row } from "../../data/rows/rows.ts";
import type { RowStore } from "../../data/rows/RowStore.ts";
import { appendLines } from "../files/appendLines.ts";
import { openToRead } from "../files/openToRead.ts";
import { reason } from "../files/reason.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { readJson } from "./files.ts";

/**
 * A study's folder: `study.json`, put in place by a rename, and `rows.ndjson`, to which rows are appended and flushed to
 * the disk. A process that is killed while it writes leaves a line without its end, which is cut off before the next.
 */
export class FolderRows implements RowStore {
  readonly folder: string;

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
    await writeWhole(this.#file("study.json"), `${JSON.stringify(about, null, 2)}\n`);
  }

  async read(): Promise<Row[]> {
    const path = this.#file("rows.ndjson");
    try {
      const file = await openToRead(path);
      const chunks = file.createReadStream({ encoding: "utf8", highWaterMark: 2 ** 20 });
      return (await readRows(chunks as AsyncIterable<string>, path)).rows;
    } catch (error) {
      const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
      if (cause?.code === "ENOENT") return [];
      throw error;
    }
  }

  append(rows: readonly Row[]): Promise<void> {
    return appendLines(this.#file("rows.ndjson"), rows.map(rowLine).join(""));
  }

  #file(name: string): string {
    return join(this.folder, name);
  }
}
