import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { unwritable } from "./reason.ts";
import { syncFolder, writeAll } from "./WholeFile.ts";

/**
 * Appends whole lines to a file and waits until they are on the disk. What a killed process left without the end of its
 * line is cut off first; so is what a full disk takes of these.
 *
 * @throws one sentence with the path; the file then is as it was, but for a line without its end
 */
export async function appendLines(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, "a+");
    try {
      const end = await dropTornLine(file);
      await appendAt(file, end, new TextEncoder().encode(text));
      if (end === 0) await syncFolder(dirname(path));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function appendAt(file: FileHandle, end: number, bytes: Uint8Array): Promise<void> {
  try {
    await writeAll(file, bytes);
    await file.datasync();
  } catch (error) {
    await file.truncate(end).catch(() => undefined);
    throw error;
  }
}

/** Cuts off what follows the last end of a line; where the file now ends. */
async function dropTornLine(file: FileHandle): Promise<number> {
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
  return end;
}
