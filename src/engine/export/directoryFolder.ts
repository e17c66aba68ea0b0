import type { ModelFolder } from "./mergedModel.ts";

/**
 * A folder that the reader gave to the page (File System Access). A file has its name when it is whole; where writing one
 * ends early, what its place held stays.
 */
export function directoryFolder(directory: FileSystemDirectoryHandle): ModelFolder {
  return {
    async write(path, pieces) {
      const handle = await directory.getFileHandle(path, { create: true });
      const file = await handle.createWritable();
      try {
        for await (const piece of pieces) await file.write(piece as Uint8Array<ArrayBuffer>);
      } catch (error) {
        await file.abort().catch(() => undefined);
        throw unwritable(path, error);
      }
      await file.close().catch((error: unknown) => {
        throw unwritable(path, error);
      });
    },
  };
}

/**
 * A new folder in one that the reader gave: of that name, or with a number behind it where that is there already.
 *
 * @throws one sentence where none can be made
 */
export async function newDirectory(
  parent: FileSystemDirectoryHandle,
  name: string,
): Promise<FileSystemDirectoryHandle> {
  const taken = new Set<string>();
  for await (const there of parent.keys()) taken.add(there);
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
  try {
    return await parent.getDirectoryHandle(free, { create: true });
  } catch (error) {
    throw unwritable(free, error);
  }
}

/** What the browser says of a disk, as one sentence with the path; what is no error of the disk stays as it is. */
function unwritable(path: string, error: unknown): unknown {
  if (!(error instanceof DOMException) || error.name === "AbortError") return error;
  const reasons: Record<string, string> = {
    QuotaExceededError: "the disk is full",
    NotAllowedError: "the page may not write into this folder; choose it again and allow it",
    NotFoundError: "the folder is no longer there",
    NoModificationAllowedError: "another program has it open",
  };
  const reason = reasons[error.name] ?? error.message;
  return new Error(`${path} cannot be written: ${reason}`, { cause: error });
}
