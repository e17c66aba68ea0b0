import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { reason } from "./reason.ts";

/**
 * Opens a file for reading. A pipe nobody writes into, or a device without an end, would be waited for for ever.
 *
 * @throws one sentence with the path: it is not there, a folder, a pipe or a device, or may not be read
 */
export async function openToRead(path: string): Promise<FileHandle> {
  try {
    // Not to wait: a pipe opens only once there is a writer. Windows does not know this.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const found = await file.stat();
    if (found.isFile()) return file;
    await file.close();
    throw new Error(
      found.isDirectory() ? "it is a folder" : "it is a pipe or a device; give the name of a file",
    );
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** One sentence with the path, for what could not be read. */
export const unreadable = (path: string, error: unknown): Error =>
  new Error(`${path} cannot be read: ${reason(error)}`, { cause: error });
