import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { ByteSource } from "../../data/archive/npzStream.ts";
import type { ModelFiles } from "../../engine/files/ModelFiles.ts";
import { readLength } from "../../engine/files/http.ts";
import { openToRead } from "../files/openToRead.ts";
import { readBytes } from "./files.ts";

/** The files of a model in a folder of this machine; ranges are read without the rest. */
export function folderFiles(folder: string, name = basename(resolve(folder))): ModelFiles {
  const about = async (path: string) => {
    const found = await stat(join(folder, path)).catch(() => undefined);
    return found?.isFile() ? found : undefined;
  };
  return {
    name,
    revision: "local",
    read: (path, range) =>
      range ? readRange(join(folder, path), range) : readBytes(join(folder, path)),
    size: async (path) => (await about(path))?.size,
    has: async (path) => (await about(path)) !== undefined,
    stamp: async (path) => {
      const found = await about(path);
      return found && `${found.size}-${found.mtimeMs}`;
    },
  };
}

/**
 * A file of this machine, read by ranges.
 *
 * @throws one sentence with the path
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new Error(`${path} cannot be read: it does not exist`);
  return { size: found.size, read: (begin, end) => readRange(path, [begin, end]) };
}

/** Bytes [begin, end) of a file, or fewer where it ends before. */
async function readRange(path: string, [begin, end]: [number, number]): Promise<Uint8Array> {
  const file = await openToRead(path);
  try {
    const buffer = new Uint8Array(readLength(path, begin, end));
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, begin + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}
