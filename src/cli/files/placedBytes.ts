import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { unwritable } from "./reason.ts";
import { syncFolder, writeAll } from "./WholeFile.ts";

/**
 * Writes bytes into a file that counts only once another file, written whole, says so: a checkpoint's sums.
 *
 * @param fresh whether the file begins anew; its folder is made where there is none
 * @throws one sentence with the path
 */
export async function placeBytes(
  path: string,
  bytes: Uint8Array,
  { at, fresh }: { at: number; fresh: boolean },
): Promise<void> {
  try {
    if (fresh) await mkdir(dirname(path), { recursive: true });
    const file = await open(path, fresh ? "w" : "r+");
    try {
      await writeAll(file, bytes, at);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Waits until a file and its name are on the disk. Throws one sentence with the path. */
export async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(path));
  } catch (error) {
    throw unwritable(path, error);
  }
}
